import Foundation
public import Holdfast
public import Logging

/// What an engine works with, beside its store.
public struct EngineConfiguration: Sendable {
    /// This operating-system process, as the store is to know it.
    public var worker: WorkerInfo
    /// How long a lease lasts without renewal, judged on the store's clock.
    public var leaseDuration: Duration
    public var renewalInterval: Duration
    /// Where logs go, absolute; see `OpenedStore.logFolder`. Nil: a temporary folder, and closed logs become artifacts.
    public var logFolder: String?
    /// What tasks find in `HOLDFAST_STORE`; nil: the variable is not set.
    public var storeURL: String?
    /// How many task instances of one run may be at work when its definition does not say.
    public var defaultParallel: Int
    /// Between SIGTERM and SIGKILL.
    public var gracePeriod: Duration
    public var clock: any WallClock
    public var ids: any IDGenerator
    public var logger: Logger
    /// Told of every event of this engine's runs after it was committed, in order.
    public var observer: (@Sendable (RunFold, [Event]) -> Void)?
    /// Told what the store's limits removed when a run was created, and what they could not; see `Views.onPruned`. Nil: it is
    /// logged.
    public var onPruned: (@Sendable (PruneReport) -> Void)?

    public init(
        worker: WorkerInfo = .thisProcess(), leaseDuration: Duration = .seconds(30),
        renewalInterval: Duration = .seconds(10),
        logFolder: String? = nil, storeURL: String? = nil, defaultParallel: Int = EngineConfiguration.coreCount,
        gracePeriod: Duration = .seconds(10), clock: any WallClock = SystemWallClock(),
        ids: any IDGenerator = RandomIDGenerator(), logger: Logger = Logger(label: "holdfast.engine"),
        observer: (@Sendable (RunFold, [Event]) -> Void)? = nil,
        onPruned: (@Sendable (PruneReport) -> Void)? = nil
    ) {
        self.worker = worker
        self.leaseDuration = leaseDuration
        self.renewalInterval = renewalInterval
        self.logFolder = logFolder
        self.storeURL = storeURL
        self.defaultParallel = defaultParallel
        self.gracePeriod = gracePeriod
        self.clock = clock
        self.ids = ids
        self.logger = logger
        self.observer = observer
        self.onPruned = onPruned
    }
}

extension EngineConfiguration {
    /// The number of cores.
    public static var coreCount: Int { ProcessInfo.processInfo.activeProcessorCount }
}
