import Holdfast

/// Processes, a line each.
struct ProcessTable {
    private let processes: [ProcessSummary]

    init(_ processes: [ProcessSummary]) { self.processes = processes }

    func rendered(on terminal: Terminal) -> String {
        guard !processes.isEmpty else { return "no processes\n" }
        var table = TextTable([
            .init(title: "PROCESS"), .init(title: "TYPE", isFlexible: true, isOptional: true), .init(title: "STATUS"),
            .init(title: "STARTED", isOptional: true), .init(title: "DURATION", isRight: true, isOptional: true),
            .init(title: "TITLE", isFlexible: true), .init(title: "ERROR", isFlexible: true, isOptional: true),
        ])
        for process in processes {
            let fields = process.fields
            let title = fields.customTitle ?? fields.title ?? fields.promptPreview ?? ""
            table.add(
                .init(process.id.rawValue, .bold), .init(process.type.rawValue),
                .init(process.status.rawValue, process.status.style), .init(process.startTime.description),
                .init(process.duration?.displayText ?? ""), .init(title),
                .init(process.error ?? "", .red))
        }
        return table.rendered(on: terminal)
    }
}

extension ProcessStatus {
    var style: Style { self == .cancelling ? .yellow : runState.style }
}
