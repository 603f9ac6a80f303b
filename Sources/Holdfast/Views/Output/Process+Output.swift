// Process JSON: the same in the command's output, the HTTP API and exports.

extension ProcessSummary {
    /// Process JSON as listings have it.
    public var outputJSON: JSONValue { .object(outputMembers) }

    fileprivate var outputMembers: [String: JSONValue] {
        var members = fields.outputMembers { $0.isListed }
        members["id"] = .string(id.rawValue)
        members["type"] = .string(type.rawValue)
        members["workspace_id"] = output(workspace?.rawValue)
        members["run_id"] = output(run?.rawValue)
        members["parent_process_id"] = output(parent?.rawValue)
        members["status"] = .string(status.rawValue)
        members["start_time"] = output(startTime)
        members["end_time"] = output(endTime)
        members["duration_seconds"] = output(duration)
        members["error"] = output(error)
        members["created_at"] = output(summary.createdAt)
        return members
    }
}

extension ProcessDetail {
    /// Process JSON with everything that was recorded.
    public var outputJSON: JSONValue {
        var members = summary.outputMembers
        members.merge(record.fields.outputMembers { _ in true }) { $1 }
        members["status"] = .string(record.status.rawValue)
        members["start_time"] = output(record.startTime)
        members["end_time"] = output(record.endTime)
        members["duration_seconds"] = output(record.duration)
        members["error"] = output(record.error)
        members["updated_at"] = output(fold.updatedAt)
        members["conversation_turns"] = .array(fold.turns.map(\.outputJSON))
        return .object(members)
    }
}

extension ProcessFields {
    fileprivate func outputMembers(_ isShown: (ProcessField) -> Bool) -> [String: JSONValue] {
        Dictionary(
            ProcessField.allCases.filter(isShown).map { ($0.rawValue, self[$0] ?? .null) }, uniquingKeysWith: { $1 })
    }
}

extension ProcessFold.Turn {
    /// The turn's own members; `streaming` is true while further pieces are expected.
    public var outputJSON: JSONValue {
        var members = turn.members
        if isStreaming { members["streaming"] = true }
        return .object(members)
    }
}

extension Page<ProcessSummary> {
    public var outputJSON: JSONValue { outputJSON("processes", \.outputJSON) }
}
