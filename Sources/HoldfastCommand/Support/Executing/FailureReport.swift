import Holdfast
import HoldfastEngine

/// Why a run failed: its failed tasks, with the last lines of their logs.
struct FailureReport {
    private static let taskLimit = 3
    private static let lineLimit = 10

    private let fold: RunFold
    private let logFolder: String?

    init(_ fold: RunFold, logFolder: String?) {
        self.fold = fold
        self.logFolder = logFolder
    }

    func lines(on terminal: Terminal) -> [String] {
        let failed = fold.currentInstances.filter { $0.state == .failed }
        let counting = failed.filter { fold.node($0.id.task)?.definition?.allowFailure != true }
        let shown = counting.isEmpty ? failed : counting
        var lines: [String] = []
        for instance in shown.prefix(Self.taskLimit) {
            let tries = instance.tryNumber > 1 ? " at try \(instance.tryNumber)" : ""
            let error = instance.error.map { ": \($0.printable)" } ?? ""
            lines.append(terminal.styled("task \(instance.id) failed\(tries)\(error)", .red))
            lines += logLines(of: instance).map { terminal.styled("  │ ", .dim) + $0.printable }
        }
        if shown.count > Self.taskLimit { lines.append("and \(shown.count - Self.taskLimit) more failed") }
        return lines
    }

    /// What it wrote last to its standard error, else to its standard output.
    private func logLines(of instance: TaskInstance) -> [String] {
        guard let logFolder, instance.tryNumber > 0 else { return [] }
        let log = TryLog(root: logFolder, run: fold.id, instance: instance, try: instance.tryNumber)
        do throws(StoreError) {
            let errors = try LogTail.lines(last: Self.lineLimit, of: log.error)
            return errors.isEmpty ? try LogTail.lines(last: Self.lineLimit, of: log.output) : errors
        } catch {
            return ["(its log can't be read: \(error))"]
        }
    }
}
