import Holdfast

/// All about a process, for people.
struct ProcessDisplay {
    private let detail: ProcessDetail
    private let terminal: Terminal

    init(_ detail: ProcessDetail, terminal: Terminal) {
        self.detail = detail
        self.terminal = terminal
    }

    var text: String {
        let sections = [facts, section("Prompt", detail.record.fullPrompt), conversation, section("Result", result)]
        return sections.filter { !$0.isEmpty }.joined(separator: "\n")
    }

    private var facts: String {
        let record = detail.record
        var facts: [(String, String)] = [
            ("process", terminal.styled(record.id.rawValue, .bold)), ("type", record.type.rawValue),
            ("status", terminal.styled(record.status.rawValue, record.status.style) + reason),
            ("started", record.startTime.description),
        ]
        func add(_ name: String, _ value: String?) {
            if let value, !value.isEmpty { facts.append((name, value.printable)) }
        }
        add("ended", record.endTime?.description)
        add("duration", record.duration?.displayText)
        add("workspace", record.workspace?.rawValue)
        add("parent", record.parent?.rawValue)
        add("run", record.run?.rawValue)
        for field in ProcessField.allCases where ![.fullPrompt, .result, .structuredResult].contains(field) {
            add(field.rawValue.replacing("_", with: " "), record.fields[field]?.rawText)
        }
        add("pinned", detail.fold.isPinned ? "yes" : nil)
        add("worker", worker)
        return facts.map { terminal.styled($0.0.padded(to: 22), .dim) + $0.1 + "\n" }.joined()
    }

    private var reason: String { detail.record.error.map { ": \($0.printable)" } ?? "" }

    private var worker: String? {
        guard let lease = detail.summary.summary.lease, lease.isLive else { return nil }
        return (lease.location ?? lease.worker.rawValue) + (lease.expiresAt.map { ", until \($0)" } ?? "")
    }

    private var result: String? {
        detail.record.result ?? detail.record.structuredResult.map(\.prettyText)
    }

    private var conversation: String {
        detail.fold.turns.isEmpty ? "" : Self.conversation(detail.fold.turns, terminal: terminal)
    }

    private func section(_ title: String, _ text: String?) -> String {
        guard let text, !text.isEmpty else { return "" }
        return terminal.styled(title, .bold) + "\n" + Self.lines(of: text)
    }

    // MARK: Conversation

    static func conversation(_ turns: [ProcessFold.Turn], terminal: Terminal) -> String {
        guard !turns.isEmpty else { return "no turns\n" }
        return turns.map { turn in
            let role = (turn.turn.role ?? "turn").printable
            let time = turn.turn.timestamp.map { "  \($0)" } ?? ""
            let title = terminal.styled(role, .bold) + terminal.styled(time, .dim)
            return title + (turn.isStreaming ? "  …" : "") + "\n" + lines(of: turn.turn.content ?? "")
        }
        .joined(separator: "\n")
    }

    /// Indented, with what a terminal might obey taken out.
    private static func lines(of text: String) -> String {
        text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).map { "  \(String($0).printable)\n" }
            .joined()
    }
}
