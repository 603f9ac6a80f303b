extension Event {
    /// Event JSON: `sequence`, `time`, `token` of own events, and the members of the payload with its `type`.
    public var outputJSON: JSONValue {
        guard case .object(var members) = payload.json else { return .null }
        payload.showTimes(in: &members)
        members["sequence"] = .int(sequence)
        members["time"] = output(time)
        members["token"] = token.map { .int($0.rawValue) }
        return .object(members)
    }
}

extension FeedEntry {
    /// Event JSON with `position` and `run_id` or `process_id`; the type of a deletion is `deleted`.
    public var outputJSON: JSONValue {
        guard case .object(var members) = event?.outputJSON ?? ["type": "deleted"] else { return .null }
        members["position"] = .int(position.rawValue)
        members["\(history.kind.rawValue)_id"] = .string(history.id)
        return .object(members)
    }
}

extension EventPayload {
    /// Stored times are milliseconds; shown ones are text. What users put into a payload stays as it is.
    fileprivate func showTimes(in members: inout [String: JSONValue]) {
        switch self {
        case .created: showTime("logical_date", in: &members)
        case .taskFinished: showTime("retry_at", in: &members)
        case .processAdded, .processChanged: for name in ["start_time", "end_time"] { showTime(name, in: &members) }
        case .restored:
            for name in ["started_at", "ended_at"] { showTime(name, in: &members) }
            if case .object(var created)? = members["created"] {
                showTime("logical_date", in: &created)
                members["created"] = .object(created)
            }
            showTimes(["started_at", "ended_at"], inEach: "instances", of: &members)
            showTimes(["created_at"], inEach: "xcoms", of: &members)
        default: break
        }
    }

    private func showTime(_ name: String, in members: inout [String: JSONValue]) {
        guard let milliseconds = members[name]?.intValue else { return }
        members[name] = output(Timestamp(milliseconds: milliseconds))
    }

    private func showTimes(_ names: [String], inEach list: String, of members: inout [String: JSONValue]) {
        guard let elements = members[list]?.arrayValue else { return }
        members[list] = .array(
            elements.map { element in
                guard case .object(var inner) = element else { return element }
                for name in names { showTime(name, in: &inner) }
                return .object(inner)
            })
    }
}
