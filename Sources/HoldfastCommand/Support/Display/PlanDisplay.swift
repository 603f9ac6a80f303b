import Holdfast
import HoldfastEngine

/// What would run, in what order, with what values.
struct PlanDisplay {
    private let plan: Plan

    init(_ plan: Plan) { self.plan = plan }

    func print(_ format: OutputFormat) throws {
        guard format == .text else { return try printDocument(json, format) }
        try Output.standard.write(text(on: .output))
    }

    // MARK: Text

    private func text(on terminal: Terminal) -> String {
        let label = plan.label.map { " (\($0))" } ?? ""
        var lines = [
            terminal.styled(plan.dag.rawValue, .bold) + label + "  version \(plan.version.hexadecimal.prefix(12))"
        ]
        for (name, value) in plan.params.sorted(by: { $0.key < $1.key }) {
            lines.append("  \(name) = \(value.compactText.printable)")
        }
        for (number, step) in plan.steps.enumerated() {
            lines.append("")
            lines.append("\(number + 1). " + terminal.styled(step.task.id.rawValue, .bold) + marks(of: step))
            lines += details(of: step).map { "   " + $0 }
        }
        for step in plan.hooks {
            lines.append("")
            lines.append(terminal.styled(step.task.id.rawValue, .bold))
            lines += details(of: step).map { "   " + $0 }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private func marks(of step: Plan.Step) -> String {
        switch step.items {
        case .known(let items): "  × \(items.count)"
        case .later, .failing: "  × ?"
        case nil: ""
        }
    }

    private func details(of step: Plan.Step) -> [String] {
        let task = step.task
        var lines: [String] = []
        if !task.needs.isEmpty {
            let trigger = task.trigger == .allSuccess ? "" : ", \(task.trigger.rawValue)"
            lines.append("after    \(task.needs.map(\.rawValue).joined(separator: ", "))\(trigger)")
        }
        if let when = task.when { lines.append("when     \(when.printable)" + outcome(of: step.isWanted)) }
        if let items = step.items {
            lines.append("foreach  " + text(items) { $0.map(\.compactText).joined(separator: ", ") })
        }
        lines.append("runs     " + commandText(of: task.action))
        for (name, value) in step.env.sorted(by: { $0.key < $1.key }) {
            lines.append("env      \(name)=" + text(value) { $0 })
        }
        if let key = step.cacheKey {
            let limit = task.cache?.timeToLive.map { ", for \($0.pipelineText)" } ?? ""
            lines.append("cache    " + key.map { text($0) { $0 } }.joined(separator: ", ") + limit)
        }
        var limits: [String] = []
        if task.retries > 0 { limits.append("\(task.retries) \(task.retries == 1 ? "retry" : "retries")") }
        if let timeout = task.timeout { limits.append("timeout \(timeout.pipelineText)") }
        if task.allowFailure { limits.append("may fail") }
        if !limits.isEmpty { lines.append("limits   " + limits.joined(separator: ", ")) }
        return lines
    }

    private func outcome(of wanted: Plan.Planned<Bool>?) -> String {
        switch wanted {
        case .known(true): "  (yes)"
        case .known(false): "  (no: it will be skipped)"
        case .failing(let error): "  (it would fail: \(error))"
        case .later, nil: ""
        }
    }

    private func text<Value>(_ planned: Plan.Planned<Value>, _ known: (Value) -> String) -> String {
        switch planned {
        case .known(let value): known(value).printable
        case .later(let text): text.printable
        case .failing(let error): "(it would fail: \(error))"
        }
    }

    private func commandText(of action: TaskDefinition.Action) -> String {
        switch action {
        case .command(let arguments):
            return JSONValue.array(arguments.map { .string($0) }).compactText
        case .shell(let script):
            let lines = script.split(whereSeparator: \.isNewline)
            return (lines.first.map(String.init) ?? "").printable + (lines.count > 1 ? " … (\(lines.count) lines)" : "")
        }
    }

    // MARK: JSON

    private var json: JSONValue {
        [
            "dag_id": .string(plan.dag.rawValue), "dag_version": .string(plan.version.hexadecimal),
            "label": plan.label.map { .string($0) } ?? .null, "params": .object(plan.params),
            "tasks": .array(plan.steps.map(json)), "hooks": .array(plan.hooks.map(json)),
        ]
    }

    private func json(of step: Plan.Step) -> JSONValue {
        let task = step.task
        var members: [String: JSONValue] = [
            "task_id": .string(task.id.rawValue), "level": .int(Int64(step.level)),
            "needs": .array(task.needs.map { .string($0.rawValue) }), "trigger": .string(task.trigger.rawValue),
            "when": task.when.map { .string($0) } ?? .null, "wanted": .null, "foreach": .bool(task.foreach != nil),
            "items": .null, "retries": .int(Int64(task.retries)), "allow_failure": .bool(task.allowFailure),
            "timeout_seconds": task.timeout.map { .double($0.inSeconds) } ?? .null, "run": .null, "command": .null,
        ]
        if case .known(let wanted) = step.isWanted { members["wanted"] = .bool(wanted) }
        if case .known(let items) = step.items { members["items"] = .array(items) }
        switch task.action {
        case .shell(let script): members["run"] = .string(script)
        case .command(let arguments): members["command"] = .array(arguments.map { .string($0) })
        }
        if let key = step.cacheKey {
            members["cache"] = [
                "key": .array(key.map { .string(text($0) { $0 }) }),
                "ttl_seconds": task.cache?.timeToLive.map { .double($0.inSeconds) } ?? .null,
            ]
        }
        members["env"] = .object(step.env.mapValues { .string(text($0) { $0 }) })
        return .object(members)
    }
}
