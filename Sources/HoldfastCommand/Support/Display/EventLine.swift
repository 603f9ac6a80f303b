import Holdfast

/// An event on a line: its number, its time, its type, and what it says.
struct EventLine {
    private static let apart: Set<String> = ["sequence", "time", "type", "token"]

    private let members: [String: JSONValue]

    init(_ event: JSONValue) { members = event.objectValue ?? [:] }

    func text(on terminal: Terminal) -> String {
        let number = (members["sequence"]?.rawText ?? "").padded(to: 5, right: true)
        let time = members["time"]?.rawText ?? ""
        let type = (members["type"]?.rawText ?? "").padded(to: 16)
        let room = terminal.size.map { max(10, $0.columns - 51) } ?? .max
        return number + "  " + terminal.styled(time, .dim) + "  " + terminal.styled(type, .bold) + "  "
            + facts.printable.cut(to: room)
    }

    private var facts: String {
        members.filter { !Self.apart.contains($0.key) && !$0.value.isEmpty }.sorted { $0.key < $1.key }
            .map { "\($0.key)=\(Self.text(of: $0.value))" }.joined(separator: " ")
    }

    /// A definition is what `dags show` is for.
    private static func text(of value: JSONValue) -> String {
        value["tasks"] != nil ? "…" : value.compactText.cut(to: 200)
    }
}

extension JSONValue {
    fileprivate var isEmpty: Bool { isNull || self == [] || objectValue?.isEmpty == true }
}
