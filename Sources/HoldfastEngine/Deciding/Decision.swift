public import Holdfast

/// What is to be done about a run in its present state.
public struct Decision: Sendable, Equatable {
    /// To be recorded; they may make further decisions possible.
    public var events: [EventPayload] = []
    /// Instances whose next try is to be recorded and started.
    public var starts: [InstanceID] = []
    /// Instances whose processes are to be ended.
    public var stops: Set<InstanceID> = []
    /// XComs to be loaded before more can be decided.
    public var loads: Set<XComReference> = []
    /// When to decide again though nothing has happened.
    public var wakeAt: Timestamp?
    /// How the run ends; nothing else is left to do then.
    public var end: End?

    public struct End: Sendable, Equatable {
        public var state: RunState
        public var reason: String?
    }

    /// Whether deciding again at once, with the events recorded and the values loaded, may say more.
    var isWorkLeft: Bool { !events.isEmpty || !starts.isEmpty || !loads.isEmpty }
}

/// What decisions depend on besides the run's history.
public struct DecisionContext: Sendable {
    public var now: Timestamp
    /// How many instances may run at once when the definition does not say.
    public var defaultParallel: Int
    /// End the run as cancelled, whether its history asks for it or not.
    public var isCancelling: Bool
    /// Values too large to be in the fold, as far as they were loaded.
    public var loaded: [XComReference: JSONValue]

    public init(
        now: Timestamp, defaultParallel: Int, isCancelling: Bool = false, loaded: [XComReference: JSONValue] = [:]
    ) {
        self.now = now
        self.defaultParallel = defaultParallel
        self.isCancelling = isCancelling
        self.loaded = loaded
    }
}
