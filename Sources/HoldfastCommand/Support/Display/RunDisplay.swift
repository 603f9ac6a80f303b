import Holdfast

/// All about a run, for people.
struct RunDisplay {
    private let detail: RunDetail
    private let logFolder: String?
    private let terminal: Terminal

    init(_ detail: RunDetail, logFolder: String?, terminal: Terminal) {
        self.detail = detail
        self.logFolder = logFolder
        self.terminal = terminal
    }

    var text: String {
        let sections = [summary, tasks, xcoms, artifacts, failure].filter { !$0.isEmpty }
        return sections.joined(separator: "\n")
    }

    // MARK: Summary

    private var summary: String {
        let run = detail.summary
        let state = run.visibleState
        var facts: [(String, String)] = [
            ("run", terminal.styled(run.id.id, .bold)), ("dag", dag),
            ("state", terminal.styled(state.rawValue, state.style) + reason), ("trigger", run.trigger),
            ("logical date", run.logicalDate.description), ("created", run.createdAt.description),
        ]
        func add(_ name: String, _ value: String?) {
            if let value, !value.isEmpty { facts.append((name, value.printable)) }
        }
        add("started", run.folded.startedAt?.description)
        add("ended", run.folded.endedAt?.description)
        add("duration", run.folded.duration?.displayText)
        add("tasks", counts)
        add("resumes", run.folded.resumeCount > 0 ? "\(run.folded.resumeCount)" : nil)
        add("retries", run.folded.retryCount > 0 ? "\(run.folded.retryCount)" : nil)
        add("parent", run.parent?.rawValue)
        add("workspace", run.workspace?.rawValue)
        add("params", pairs(run.folded.params.mapValues(\.compactText)))
        add("labels", pairs(run.labels))
        add("metadata", pairs(run.metadata.mapValues(\.compactText)))
        add("pinned", run.isPinned ? "yes" : nil)
        add("worker", worker)
        add("working dir", detail.fold.created?.workingDirectory)
        return facts.map { terminal.styled($0.0.padded(to: 13), .dim) + $0.1 + "\n" }.joined()
    }

    private var dag: String {
        let run = detail.summary
        let label = run.folded.versionLabel.map { " (\($0))" } ?? ""
        return run.dag.rawValue + label + (run.folded.dagVersion.map { "  \($0.hexadecimal.prefix(12))" } ?? "")
    }

    private var reason: String { detail.summary.folded.failureReason.map { ": \($0.printable)" } ?? "" }

    private var counts: String {
        let counts = detail.summary.folded.taskCounts
        return TaskState.allCases.compactMap { state in
            counts[state].flatMap { $0 > 0 ? "\($0) \(state.rawValue)" : nil }
        }
        .joined(separator: ", ")
    }

    private func pairs(_ values: [String: String]) -> String {
        values.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: "  ")
    }

    private var worker: String? {
        guard let lease = detail.summary.lease, lease.isLive else { return nil }
        let until = lease.expiresAt.map { ", lease until \($0)" } ?? ""
        return (lease.location ?? lease.worker.rawValue) + until
    }

    // MARK: Parts

    private func section(_ title: String, _ table: TextTable) -> String {
        terminal.styled(title, .bold) + "\n" + table.rendered(on: terminal, indent: 2)
    }

    private var tasks: String {
        let instances = detail.fold.currentInstances
        guard !instances.isEmpty else { return "" }
        var table = TextTable([
            .init(title: "TASK", isFlexible: true), .init(title: "STATE"),
            .init(title: "TRY", isRight: true, isOptional: true),
            .init(title: "EXIT", isRight: true, isOptional: true), .init(title: "STARTED", isOptional: true),
            .init(title: "DURATION", isRight: true, isOptional: true),
            .init(title: "ERROR", isFlexible: true),
        ])
        for task in instances {
            table.add(
                .init(task.id.description), .init(task.state.rawValue, task.state.style),
                .init(task.tryNumber > 0 ? "\(task.tryNumber)/\(max(task.maxTries, task.tryNumber))" : ""),
                .init(task.exitCode.map { "\($0)" } ?? (task.cachedAs == nil ? "" : "cached")),
                .init(task.startedAt?.description ?? ""),
                .init(task.duration?.displayText ?? ""), .init(task.error ?? "", .red))
        }
        return section("Tasks", table)
    }

    private var xcoms: String {
        let entries = detail.xcoms
        guard !entries.isEmpty else { return "" }
        return section("XComs", XComTable.table(entries))
    }

    private var artifacts: String {
        guard !detail.artifacts.isEmpty else { return "" }
        return section("Artifacts", ArtifactTable.table(detail.artifacts))
    }

    private var failure: String {
        let state = detail.summary.visibleState
        let needsFile = detail.fold.definition == nil && detail.fold.isImported
        let resume = "holdfast resume \(detail.summary.id.id)" + (needsFile ? " --file pipeline.yaml" : "")
        switch state {
        case .failed:
            let lines = FailureReport(detail.fold, logFolder: logFolder).lines(on: terminal)
            let title = terminal.styled("Why it failed", .bold)
            let report = lines.isEmpty ? [] : [title] + lines.map { "  " + $0 } + [""]
            return (report + ["Mend the cause, then go on with: \(resume)"]).map { $0 + "\n" }.joined()
        case .interrupted, .cancelled: return "Go on with: \(resume)\n"
        default: return ""
        }
    }
}
