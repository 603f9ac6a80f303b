import Holdfast

/// A line of `events.jsonl`: the event's JSON, the run, and how far the store had come when it was written.
enum EventLine {
    static func bytes(_ event: Event, of history: HistoryID, position: FeedPosition) -> [UInt8] {
        guard event.payload.isShownAsStored else {
            let entry = FeedEntry(position: position, history: history, event: event)
            return ReadableJSON.line(entry.outputJSON.objectValue ?? [:], first: ["sequence", "time", "type"])
        }
        // The frequent ones, each of which a busy store has to show: without a value in between.
        let payload = EventCodec.encode(event.payload)
        var line: [UInt8] = []
        line.reserveCapacity(payload.count + 160)
        line += #"{"sequence":\#(event.sequence),"time":"\#(event.time)","#.utf8
        line += payload.dropFirst().dropLast()
        if let token = event.token { line += #","token":\#(token)"#.utf8 }
        line += ",\"\(history.kind.rawValue)_id\":\"\(history.id)\",\"position\":\(position)}\n".utf8
        return line
    }

    static func sequence(of line: some Collection<UInt8>) -> Int64? { line.number(behind: #"{"sequence":"#) }
}

extension EventPayload {
    /// Whether the stored form is what people are shown: it holds no times.
    fileprivate var isShownAsStored: Bool {
        switch self {
        case .stepCompleted, .taskStarted, .xcomSet, .artifactSaved, .claimed, .started, .finished: true
        case .taskFinished(let finished): finished.retryAt == nil
        default: false
        }
    }
}
