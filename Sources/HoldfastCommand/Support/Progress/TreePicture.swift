import Holdfast

/// One frame of the live tree.
struct TreePicture {
    private static let spinner = Array("⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏")

    private let model: ProgressModel
    private let now: Timestamp
    private let tick: Int
    private let terminal: Terminal

    init(_ model: ProgressModel, now: Timestamp, tick: Int, terminal: Terminal) {
        self.model = model
        self.now = now
        self.tick = tick
        self.terminal = terminal
    }

    /// - Parameters:
    ///   - columns: no line is longer.
    ///   - rows: there are fewer lines than this, so that all of them can be replaced.
    func lines(columns: Int, rows: Int) -> [String] {
        let shown = shownRows(atMost: max(1, rows - 4))
        let names = shown.map { model.rows[$0].id.rawValue.displayWidth }.max() ?? 0
        let isCut = shown.count < model.rows.count
        var lines = [header(columns)]
        for (position, row) in shown.enumerated() {
            let branch = position == shown.count - 1 && !isCut ? "└─ " : "├─ "
            lines.append(line(of: model.rows[row], branch: branch, nameWidth: min(names, columns / 2), columns))
        }
        if isCut { lines.append(terminal.styled("└─ " + rest(without: shown).cut(to: columns - 4), .dim)) }
        return lines
    }

    // MARK: Lines

    private func header(_ columns: Int) -> String {
        let ended = model.rows.reduce(0) { $0 + $1.ended }
        let total = model.rows.reduce(0) { $0 + $1.total }
        let elapsed = model.startedAt.map { ((model.endedAt ?? now) - $0).displayText } ?? ""
        let symbol = model.state == .running ? frame : model.state.symbol
        let name = (model.dag?.rawValue ?? "").cut(to: max(8, columns - 36))
        let text = "  \(ended)/\(total) tasks  \(elapsed)"
        return terminal.styled(symbol, model.state.style) + " " + terminal.styled(name, .bold) + "  "
            + terminal.styled(model.state.rawValue, model.state.style)
            + text.cut(to: max(0, columns - 16 - name.displayWidth))
    }

    private func line(of row: ProgressModel.Row, branch: String, nameWidth: Int, _ columns: Int) -> String {
        let state = row.state
        let isStopped = state == .running && model.state != .running
        let symbol = isStopped ? RunState.interrupted.symbol : state == .running ? frame : state.symbol
        let style = isStopped ? RunState.interrupted.style : state.style
        let name = row.id.rawValue.cut(to: nameWidth)
        let facts = facts(of: row)
        let start = terminal.styled(branch, .dim) + terminal.styled(symbol, style) + " "
        let room = columns - 1 - branch.count - 2 - nameWidth - 2
        guard !facts.isEmpty, room > 3 else { return start + name }
        return start + name.padded(to: nameWidth) + "  "
            + terminal.styled(facts.cut(to: room), state == .failed ? .red : .dim)
    }

    private func facts(of row: ProgressModel.Row) -> String {
        var facts: [String] = []
        if row.isMapped, row.total > 0 { facts.append(folded(row)) }
        if let started = row.startedAt {
            let isOver = row.state.isTerminal || row.state == .upForRetry
            facts.append(((isOver ? row.endedAt ?? now : model.endedAt ?? now) - started).displayText)
        }
        if !row.isMapped, row.tryNumber > 1 || row.state == .upForRetry {
            facts.append("try \(row.tryNumber) of \(row.maxTries)")
        }
        switch row.state {
        case .skipped, .upstreamFailed, .cancelled: facts.append(row.state.rawValue)
        case .failed, .upForRetry: facts.append(contentsOf: row.error.map { [$0.printable] } ?? [])
        default: break
        }
        return facts.joined(separator: "  ")
    }

    /// `3/7`, and how many of them did not succeed.
    private func folded(_ row: ProgressModel.Row) -> String {
        let bad: [TaskState] = [.failed, .upstreamFailed, .cancelled, .skipped]
        let notes = bad.compactMap { state in
            row.counts[state].flatMap { $0 > 0 ? "\($0) \(state.rawValue)" : nil }
        }
        return "\(row.ended)/\(row.total)" + (notes.isEmpty ? "" : " (\(notes.joined(separator: ", ")))")
    }

    private var frame: String { String(Self.spinner[tick % Self.spinner.count]) }

    // MARK: What fits

    /// All rows, or where they don't fit those that say most: what is at work, what failed, what ended last, what is next.
    private func shownRows(atMost limit: Int) -> [Int] {
        let rows = model.rows
        guard rows.count > limit else { return Array(rows.indices) }
        let wanted = rows.indices.sorted { left, right in
            let (first, second) = (rows[left].urgency, rows[right].urgency)
            if first != second { return first < second }
            let ends = (rows[left].endedAt?.milliseconds ?? 0, rows[right].endedAt?.milliseconds ?? 0)
            return ends.0 != ends.1 ? ends.0 > ends.1 : left < right
        }
        return wanted.prefix(limit).sorted()
    }

    private func rest(without shown: [Int]) -> String {
        let hidden = Set(model.rows.indices).subtracting(shown)
        var counts: [TaskState: Int] = [:]
        for row in hidden { counts[model.rows[row].state, default: 0] += 1 }
        let parts = TaskState.allCases.compactMap { state in counts[state].map { "\($0) \(state.rawValue)" } }
        return "\(hidden.count) more: \(parts.joined(separator: ", "))"
    }
}

extension ProgressModel.Row {
    fileprivate var urgency: Int {
        switch state {
        case .failed: 0
        case .running, .upForRetry: 1
        case .pending, .queued, .waiting: 3
        default: 2
        }
    }
}
