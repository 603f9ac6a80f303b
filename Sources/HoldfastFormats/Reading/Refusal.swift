import Holdfast

/// Why something in the source is not taken over, and where in its JSON that is.
struct Refusal: Error {
    var reason: String
    var path: [JSONStep]

    init(_ reason: String, at path: [JSONStep] = []) {
        self.reason = reason
        self.path = path
    }
}

/// One step from a JSON value to one inside it.
enum JSONStep: Hashable {
    case member(String)
    case element(Int)
}

extension [JSONStep] {
    /// `taskInstances[3].state`, cut where it would not fit on a line.
    var text: String {
        var text = ""
        for step in self {
            switch step {
            case .member(let name):
                let plain = name.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "\"") }
                text += (text.isEmpty ? "" : ".") + (plain && name.utf8.count <= 80 ? name : quoted(name))
            case .element(let index): text += "[\(index)]"
            }
        }
        return text
    }
}
