/// What a history belongs to.
public enum HistoryID: Sendable, Hashable, Comparable, CustomStringConvertible {
    case run(RunID)
    case process(ProcessID)

    public enum Kind: String, Sendable, Hashable, Codable, CaseIterable { case run, process }

    public var kind: Kind {
        switch self {
        case .run: .run
        case .process: .process
        }
    }

    /// The run's or process's id.
    public var id: String {
        switch self {
        case .run(let id): id.rawValue
        case .process(let id): id.rawValue
        }
    }

    public init(kind: Kind, id: String) throws(StoreError) {
        switch kind {
        case .run: self = .run(try RunID(id))
        case .process: self = .process(try ProcessID(id))
        }
    }

    public var description: String { "\(kind.rawValue) \(id)" }

    public static func < (left: HistoryID, right: HistoryID) -> Bool {
        (left.kind.rawValue, left.id) < (right.kind.rawValue, right.id)
    }
}

/// A fencing token: from one store-wide counter, never reused. The highest token issued for a history owns it.
public struct LeaseToken: RawRepresentable, Sendable, Hashable, Comparable, CustomStringConvertible {
    public let rawValue: Int64
    public init(rawValue: Int64) { self.rawValue = rawValue }
    public var description: String { String(rawValue) }
    public static func < (left: LeaseToken, right: LeaseToken) -> Bool { left.rawValue < right.rawValue }
}

/// One entry of a history.
public struct Event: Sendable, Hashable {
    /// 1, 2, 3 … within the history.
    public var sequence: Int64
    public var time: Timestamp
    /// The lease under which the owner wrote it; nil for a creation and for requests, which anyone may make.
    public var token: LeaseToken?
    public var payload: EventPayload

    public init(sequence: Int64, time: Timestamp, token: LeaseToken?, payload: EventPayload) {
        self.sequence = sequence
        self.time = time
        self.token = token
        self.payload = payload
    }
}

/// One task, and one item of it when it is mapped.
public struct InstanceID: Sendable, Hashable, Comparable, CustomStringConvertible {
    public var task: TaskID
    /// The index into the items of a `foreach`; nil without one.
    public var mapIndex: Int?

    public init(_ task: TaskID, mapIndex: Int? = nil) {
        self.task = task
        self.mapIndex = mapIndex
    }

    public var description: String { mapIndex.map { "\(task)[\($0)]" } ?? task.rawValue }

    public static func < (left: InstanceID, right: InstanceID) -> Bool {
        (left.task, left.mapIndex ?? -1) < (right.task, right.mapIndex ?? -1)
    }
}
