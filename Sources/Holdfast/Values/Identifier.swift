/// A name that may become part of a path or a query, checked when it is made: `[A-Za-z0-9][A-Za-z0-9._-]{0,127}`.
///
/// Anything else (`..`, a slash, a space, a control character, an empty or overlong text) is refused with
/// `StoreError.invalid`, so that no later code has to check again.
public protocol Identifier: RawRepresentable, Sendable, Hashable, Comparable, CustomStringConvertible, Codable
where RawValue == String {
    /// What the identifier names, for error messages: `run`, `task`, ….
    static var noun: String { get }
    /// What a text has to be like, for error messages.
    static var rule: String { get }

    /// Takes a text that is known to be valid.
    init(unchecked text: String)

    /// Whether the text may be an identifier of this kind; unless the kind says otherwise, by the rule above.
    static func isValid(_ text: String) -> Bool
}

extension Identifier {
    /// Checks a text that came from outside.
    /// - Throws: `StoreError` with code `invalid`, naming the text and the rule.
    public init(_ text: String) throws(StoreError) {
        guard Self.isValid(text) else {
            throw StoreError(
                .invalid, subject: "\(Self.noun) id \(quoted(text))",
                detail: Self.rule)
        }
        self.init(unchecked: text)
    }

    public static var rule: String { "use 1 to 128 of A-Z a-z 0-9 . _ - and begin with a letter or a digit" }

    public init?(rawValue: String) {
        guard Self.isValid(rawValue) else { return nil }
        self.init(unchecked: rawValue)
    }

    public static func isValid(_ text: String) -> Bool {
        let utf8 = text.utf8
        guard let first = utf8.first, isAlphanumeric(first), utf8.count <= 128 else { return false }
        return utf8.allSatisfy { byte in
            isAlphanumeric(byte) || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "-")
        }
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "a")...UInt8(ascii: "z"):
            true
        default: false
        }
    }

    public var description: String { rawValue }

    public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}

/// Quotes a text for an error message: cut at 80 code points, and whatever a terminal might obey escaped (control
/// characters, and those that hide or turn the direction of text).
package func quoted(_ text: String) -> String {
    var quoted = "\""
    let isLong = text.unicodeScalars.dropFirst(80).first != nil
    for scalar in text.unicodeScalars.prefix(isLong ? 79 : 80) {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .unassigned:
            quoted += "\\u{\(String(scalar.value, radix: 16))}"
        default:
            if scalar == "\"" || scalar == "\\" { quoted += "\\" }
            quoted.unicodeScalars.append(scalar)
        }
    }
    return quoted + (isLong ? "…\"" : "\"")
}

/// The id of a run.
public struct RunID: Identifier {
    public static let noun = "run"
    public let rawValue: String
    public init(unchecked text: String) { rawValue = text }
}

/// The id of a DAG, which is its name; also the name of a Swift workflow.
public struct DAGID: Identifier {
    public static let noun = "DAG"
    public let rawValue: String
    public init(unchecked text: String) { rawValue = text }
}

/// The id of a task in its DAG, or the name of a step in its workflow.
public struct TaskID: Identifier {
    public static let noun = "task"
    public let rawValue: String
    public init(unchecked text: String) { rawValue = text }
}

/// The id of a workspace.
public struct WorkspaceID: Identifier {
    public static let noun = "workspace"
    public let rawValue: String
    public init(unchecked text: String) { rawValue = text }
}

/// The id of an AI process record.
public struct ProcessID: Identifier {
    public static let noun = "process"
    public let rawValue: String
    public init(unchecked text: String) { rawValue = text }
}

/// What kind of AI process a record is about: `clarification`, `code-review`, `chat`, ….
public struct ProcessType: Identifier {
    public static let noun = "process type"
    public let rawValue: String
    public init(unchecked text: String) { rawValue = text }
    /// Of a process whose type nobody named.
    public static let `default` = ProcessType(unchecked: "clarification")
}

/// The id of a worker: one operating-system process that executes runs.
public struct WorkerID: Identifier {
    public static let noun = "worker"
    public let rawValue: String
    public init(unchecked text: String) { rawValue = text }
}

/// The owner of everything in a store.
public struct Tenant: Identifier {
    public static let noun = "tenant"
    public let rawValue: String
    public init(unchecked text: String) { rawValue = text }
    public static let `default` = Tenant(unchecked: "default")
}

/// The key of an artifact in its run: one to 32 identifiers joined by `/`, 1,024 bytes at most.
public struct ArtifactKey: Identifier {
    public static let noun = "artifact"
    public static let rule = "use 1 to 32 ids (128 of A-Z a-z 0-9 . _ - each) joined by /, 1024 bytes in all"
    public let rawValue: String
    public init(unchecked text: String) { rawValue = text }

    public static func isValid(_ text: String) -> Bool {
        guard text.utf8.count <= 1024 else { return false }
        let segments = text.split(separator: "/", omittingEmptySubsequences: false)
        return segments.count <= 32 && segments.allSatisfy { TaskID.isValid(String($0)) }
    }

    /// Whether one of the two keys would have to be a folder that holds the other.
    public func clashes(with other: ArtifactKey) -> Bool {
        other.rawValue.hasPrefix(rawValue + "/") || rawValue.hasPrefix(other.rawValue + "/")
    }

    /// The folders that hold it, outermost first: `a` and `a/b` for `a/b/c`.
    var folders: [ArtifactKey] {
        rawValue.indices.filter { rawValue[$0] == "/" }.map { ArtifactKey(unchecked: String(rawValue[..<$0])) }
    }
}
