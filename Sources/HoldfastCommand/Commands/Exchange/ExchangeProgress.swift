import HoldfastFormats
import Synchronization

/// How far an import or an export is: one line on a terminal, which is cleared at the end; nothing elsewhere.
final class ExchangeProgress: Sendable {
    private let verb: String
    private let lastShown = Mutex<ContinuousClock.Instant?>(nil)

    init(_ verb: String) { self.verb = verb }

    func show(_ counts: ImportReport.Counts, _ more: String = "") {
        guard Terminal.error.isInteractive else { return }
        let isDue = lastShown.withLock { last in
            let now = ContinuousClock.now
            if let last, now - last < .milliseconds(100) { return false }
            last = now
            return true
        }
        guard isDue, let size = Terminal.error.size else { return }
        Output.error.status("\r\u{1B}[K" + "\(verb) \(counts.text)\(more)".cut(to: size.columns - 1))
    }

    func clear() {
        let wasShown = lastShown.withLock { last in
            defer { last = nil }
            return last != nil
        }
        if wasShown { Output.error.status("\r\u{1B}[K") }
    }
}

extension Output {
    /// A note without a line's end.
    fileprivate func status(_ text: String) {
        do { try write(text) } catch {}
    }
}

extension ImportReport.Counts {
    /// For people: what there is any of.
    var text: String {
        let counts = [
            (runs, "runs"), (processes, "processes"), (workspaces, "workspaces"), (artifacts, "artifacts"),
            (cached, "cached responses"), (dags, "DAGs"),
        ]
        let parts = counts.filter { $0.0 > 0 }.map {
            "\($0.0) \($0.0 == 1 ? String($0.1.dropLast($0.1 == "processes" ? 2 : 1)) : $0.1)"
        }
        return parts.isEmpty ? "nothing" : parts.joined(separator: ", ")
    }
}
