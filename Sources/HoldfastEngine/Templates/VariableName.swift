import Holdfast

/// The names of environment variables that Holdfast makes up.
enum VariableName {
    static let rule = "use A-Z a-z 0-9 _ and begin with a letter or _"

    static func isValid(_ name: String) -> Bool {
        guard let first = name.utf8.first, !(0x30...0x39).contains(first), name.utf8.count <= 1024 else { return false }
        return name.utf8.allSatisfy { $0 != UInt8(ascii: "-") && YAMLComposer.isAnchorCharacter($0) }
    }

    static func param(_ name: String) -> String { "PARAM_" + upperCased(name) }
    static func xcom(_ reference: XComReference) -> String {
        xcomPrefix(reference.task.rawValue) + upperCased(reference.key)
    }
    static func xcomPrefix(_ task: String) -> String { "XCOM_" + upperCased(task) + "_" }
    static let item = "ITEM"

    /// ASCII letters in upper case, digits as they are, `_` for anything else.
    private static func upperCased(_ name: String) -> String {
        String(
            String.UnicodeScalarView(
                name.unicodeScalars.map { scalar in
                    guard scalar.isASCII, scalar.properties.isAlphabetic || scalar.properties.numericType != nil else {
                        return "_"
                    }
                    return scalar.properties.uppercaseMapping.unicodeScalars.first ?? "_"
                }))
    }
}
