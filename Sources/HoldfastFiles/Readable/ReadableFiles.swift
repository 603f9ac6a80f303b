package import Holdfast
package import HoldfastLocal

/// Keeps files beside a store that show it to `cat`, `grep`, `jq` and `diff`.
///
/// They are views: nothing reads them back into the store, deleting any loses nothing, and no commit waits for them or fails
/// because of them. The writer follows the store's feed, in short stretches with pauses between them, so that they take
/// a small part of the machine however much is committed; `close` waits for what this process has written itself.
///
/// Several processes may do this over one folder. Each stretch is done under a lock and begins with the state that the last
/// one left there, whoever did it, so they take turns and do nothing twice. A writer killed in a stretch leaves the state of
/// the one before: what follows it is shown again, which changes nothing that was shown already. As nothing is synced, files
/// written before the machine was started anew are all looked at, and made again where they are not whole.
///
/// What could not be written is tried again, and told by `check`.
package actor ReadableFiles {
    package struct Configuration: Sendable {
        /// How long a store is open before the first look; a command that only reads is done by then.
        package var settling = Duration.milliseconds(200)
        /// Between two stretches, and between two views of one run.
        package var interval = Duration.milliseconds(500)
        /// How long a stretch takes; the pause behind it is longer while the store is busy.
        package var stretch = Duration.milliseconds(100)
        /// How long closing waits for other processes.
        package var patience = Duration.seconds(10)
        /// The boot of the machine, by which files are known that a power cut may have damaged; nil where none is told.
        package var bootID = WorkerInfo.presentBootID

        package init() {}
    }

    let store: any Store
    let files: PlainFolder
    private let fileSystem: any FileSystem
    let configuration: Configuration
    nonisolated let own = OwnNews()
    private let executor = ViewsExecutor()
    private var lock: FileLock?
    private var following: Task<Void, Never>?
    private(set) var isClosing = false

    // What the files show.
    /// As it was left in the folder; nil: not read yet.
    var state: ViewState?
    /// Everything up to here was taken note of.
    var cursor = FeedPosition(rawValue: 0)
    var dirty: [HistoryID: Dirt] = [:]
    var failed: Set<HistoryID> = []
    var rebuild: Rebuild?
    var folders: [RunID: RunFolder] = [:]
    var processes: [ProcessID: ProcessFiles] = [:]
    var list: RunList
    /// Runs that are no more and may be listed still, with the position before their deletion was noticed.
    var unlisted: [RunID: FeedPosition] = [:]
    var nextTidying = ContinuousClock.now
    /// What `runs.jsonl` shows of each run, while the files are looked through.
    var listed: [RunID: RunEnd]?
    /// Whether the folder's size was held against the store's.
    var hasLooked = false
    var hasShownRecords = false
    /// How many entries the last stretch found in the feed.
    var news = 0
    var lastLook = ContinuousClock.now
    var problems: [String: String] = [:]

    /// What is to be shown of a history.
    struct Dirt {
        /// The position before.
        let before: FeedPosition
        /// Since then, it was deleted at least once.
        var wasDeleted = false
    }

    package nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// - Parameters:
    ///   - store: has to stay open until `close` has returned.
    ///   - folder: is there.
    package init(
        _ store: any Store, folder: String, on fileSystem: any FileSystem = LocalFileSystem(),
        configuration: Configuration = Configuration()
    ) {
        self.store = store
        self.fileSystem = fileSystem
        self.configuration = configuration
        files = PlainFolder(root: folder, scratch: ".views/incoming", on: fileSystem)
        list = RunList(files)
    }

    // MARK: - What this process does

    /// This process has committed this.
    package nonisolated func committed(_ changeset: Changeset, _ receipt: Receipt) { own.note(changeset, receipt) }

    /// This process was given these.
    package nonisolated func claimed(_ leases: [Lease]) { own.note(leases) }

    /// Begins to follow the store.
    package func start() {
        guard following == nil, !isClosing else { return }
        following = Task(priority: .utility) { await follow() }
    }

    /// Stops following, and returns once the files show all that this process has written, or can't.
    package func close() async {
        guard !isClosing else { return }
        isClosing = true
        following?.cancel()
        await following?.value
        guard !own.histories.isEmpty || own.hasRecords || !dirty.isEmpty else { return }
        // A task of its own, as the caller may have been cancelled.
        await Task { await finish() }.value
    }

    /// Looks at every file and makes it again where it is not what it should be.
    /// - Returns: what could not be shown.
    package func check() async -> [MaintenanceReport.Finding] {
        await lookThrough()
        return problems.sorted { $0.key < $1.key }.map { MaintenanceReport.Finding(subject: $0.key, problem: $0.value) }
    }

    // MARK: - One at a time

    /// Runs `body` while no other process, and nobody else in this one, changes the files.
    /// - Returns: whether the lock could be had.
    func withLock(patience: Duration, _ body: () async -> Void) async throws(StoreError) -> Bool {
        let lock = try openLock()
        let deadline = ContinuousClock.now + patience
        while try !lock.tryExclusive() {
            guard ContinuousClock.now < deadline, await sleep(.milliseconds(10)) else { return false }
        }
        await body()
        try lock.release()
        return true
    }

    private func openLock() throws(StoreError) -> FileLock {
        if let lock { return lock }
        try files.makeFolder(".views")
        let lock = try FileLock("\(files.root)/.views/lock", on: fileSystem)
        self.lock = lock
        return lock
    }

    /// False: cancelled.
    func sleep(_ duration: Duration) async -> Bool {
        do {
            try await Task.sleep(for: duration)
            return true
        } catch {
            return false
        }
    }

    /// Keeps what goes wrong as a problem of the subject until it goes well.
    /// - Returns: whether it went well.
    @discardableResult
    func attempt(_ subject: String, _ body: () async throws(StoreError) -> Void) async -> Bool {
        do throws(StoreError) {
            try await body()
            problems[subject] = nil
            return true
        } catch {
            if !Task.isCancelled { problems[subject] = error.description }
            return false
        }
    }
}
