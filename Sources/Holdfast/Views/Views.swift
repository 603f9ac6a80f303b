#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A store seen as runs, DAGs, tasks, XComs, artifacts, events, processes and workspaces: written once, over any store.
///
/// Reading costs what the store's own queries cost; what a summary row does not hold is folded from the run's history.
/// What only an owner may write (states, tasks, XComs, artifacts, deletion) is claimed, committed and given back at once;
/// while another worker holds the run it is refused with `leaseHeld`. What would be refused anyway leaves no trace.
///
/// A write that leaves a run `running` keeps the lease, so that programs can record a run by hand, step by step; each
/// further write through the same worker goes on under it. After `timeToLive` without a new claim the run counts as interrupted.
public struct Views: Sendable {
    public let store: any Store
    /// The time of the events written.
    public let clock: any WallClock
    public let ids: any IDGenerator
    /// Who claims. Not to be shared with an executor: a renewal would give back what it does not know.
    public let worker: WorkerInfo
    /// How long a claim lasts if it is not given back.
    public let timeToLive: Duration
    /// Where logs of runs stand, absolute; see `OpenedStore.logFolder`. They go with their run. Nil: there are none.
    public let logFolder: String?
    /// Told what limits removed when a run or process was added, and what stood against it.
    public let onPruned: (@Sendable (PruneReport) -> Void)?

    public init(
        _ store: any Store, clock: any WallClock = SystemWallClock(), ids: any IDGenerator = RandomIDGenerator(),
        worker: WorkerInfo = .recorder, timeToLive: Duration = .seconds(30), logFolder: String? = nil,
        onPruned: (@Sendable (PruneReport) -> Void)? = nil
    ) {
        self.store = store
        self.clock = clock
        self.ids = ids
        self.worker = worker
        self.timeToLive = timeToLive
        self.logFolder = logFolder
        self.onPruned = onPruned
    }

    public var runs: RunsView { RunsView(self) }
    public var dags: DAGsView { DAGsView(self) }
    public var tasks: TasksView { TasksView(self) }
    public var xcoms: XComsView { XComsView(self) }
    public var artifacts: ArtifactsView { ArtifactsView(self) }
    public var events: EventsView { EventsView(self) }
    public var runHistory: RunHistoryView { RunHistoryView(self) }
    public var processes: ProcessesView { ProcessesView(self) }
    public var workspaces: WorkspacesView { WorkspacesView(self) }
    public var retention: RetentionView { RetentionView(self) }
    public var schemas: SchemasView { SchemasView(self) }
    public var cache: CacheView { CacheView(self) }
}

extension OpenedStore {
    /// The views, with the store's logs.
    public var views: Views { views() }

    /// The same.
    /// - Parameter onPruned: see `Views.onPruned`.
    public func views(onPruned: (@Sendable (PruneReport) -> Void)? = nil) -> Views {
        Views(store, logFolder: logFolder, onPruned: onPruned)
    }
}

extension Store {
    /// The views with the machine's clock and random ids.
    public var views: Views { Views(self) }
    public var runs: RunsView { views.runs }
    public var dags: DAGsView { views.dags }
    public var tasks: TasksView { views.tasks }
    public var xcoms: XComsView { views.xcoms }
    public var artifacts: ArtifactsView { views.artifacts }
    public var events: EventsView { views.events }
    public var runHistory: RunHistoryView { views.runHistory }
    public var processes: ProcessesView { views.processes }
    public var workspaces: WorkspacesView { views.workspaces }
    public var retention: RetentionView { views.retention }
    public var schemas: SchemasView { views.schemas }
    public var cache: CacheView { views.cache }
}

extension WorkerInfo {
    /// This process as a recorder of runs. It holds no worker lock (hence no boot id), so only the end of its leases tells
    /// that it died.
    public static let recorder = WorkerInfo(
        id: WorkerID(unchecked: "recorder-" + RandomIDGenerator().token()), host: hostName, bootID: nil,
        processID: getpid())
}
