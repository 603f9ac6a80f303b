import Holdfast
import HoldfastLocal

/// The folder of a run, and how far it shows the run's history.
struct RunFolder {
    let run: RunID
    private let files: PlainFolder
    private var events: LineFile
    /// Of the last line in `events.jsonl`.
    private var written: Int64 = 0
    /// Folded up to the last event read; stops before one that it refuses.
    private(set) var fold: RunFold
    private var isFolding = true
    /// The last event read.
    private(set) var read: Int64 = 0
    /// What `run.json` shows.
    private(set) var header: PageHeader?
    private var artifacts: [ArtifactKey: Digest] = [:]
    /// Not to be written again before.
    private(set) var rest: ContinuousClock.Instant = .now

    static func path(_ run: RunID) -> String { "runs/\(run)" }
    private var path: String { Self.path(run) }
    static func page(_ run: RunID) -> String { "\(path(run))/run.json" }
    private var page: String { Self.page(run) }

    /// Whether the run is to be listed as ended.
    var hasEnded: Bool { isFolding && fold.state.isTerminal }

    init(_ run: RunID, _ files: PlainFolder) {
        self.run = run
        self.files = files
        fold = RunFold(id: run)
        events = LineFile(files, "\(Self.path(run))/events.jsonl")
    }

    /// Looks at what the files show.
    private mutating func look() throws(StoreError) {
        written = try events.lastLine().flatMap(EventLine.sequence) ?? 0
        let bytes = try files.read(page)
        header = bytes.flatMap { PageHeader($0) }
        if let bytes, header != nil {
            artifacts = try shownArtifacts(ReadableJSON.object(bytes)?["artifacts"]?.arrayValue ?? [])
        } else {
            // Nothing tells what these are.
            try files.remove("\(path)/artifacts")
            artifacts = [:]
        }
    }

    private func shownArtifacts(_ list: [JSONValue]) throws(StoreError) -> [ArtifactKey: Digest] {
        var shown: [ArtifactKey: Digest] = [:]
        for json in list {
            guard let key = json["key"]?.stringValue.flatMap(ArtifactKey.init(rawValue:)),
                let size = json["size"]?.intValue,
                let digest = json["digest"]?.stringValue.flatMap(Digest.init(hexadecimal:)),
                try files.size(of: path(key)) == size
            else { continue }
            shown[key] = digest
        }
        return shown
    }

    // MARK: - Events

    /// Reads what the history has more, and appends it to `events.jsonl`.
    mutating func readNews(_ store: any Store, position: FeedPosition) async throws(StoreError) {
        // For the first time, or since another process was at it.
        if try !events.isAsLeft() { try look() }
        try await append(store, position)
        guard written > read else { return }
        // More than the store has: not of this history.
        try events.remove()
        written = 0
        try await append(store, position)
    }

    private mutating func append(_ store: any Store, _ position: FeedPosition) async throws(StoreError) {
        var lines: [UInt8] = []
        var last = written
        try await store.forEachEvent(of: .run(run), from: min(read, written) + 1) { event throws(StoreError) in
            if event.sequence > read { take(event) }
            guard event.sequence > last else { return }
            lines += EventLine.bytes(event, of: .run(run), position: position)
            last = event.sequence
            guard lines.count >= 1 << 20 else { return }
            try write(lines, upTo: last)
            lines = []
        }
        if !lines.isEmpty { try write(lines, upTo: last) }
    }

    private mutating func take(_ event: Event) {
        read = event.sequence
        guard isFolding else { return }
        do throws(StoreError) {
            try fold.apply(event)
        } catch {
            // `verify` reports it; what can be shown without the fold is shown.
            isFolding = false
        }
    }

    private mutating func write(_ lines: [UInt8], upTo last: Int64) throws(StoreError) {
        try events.append(lines)
        written = last
    }

    // MARK: - Pages

    func pages(_ summary: Summary, position: FeedPosition) -> RunPages {
        RunPages(summary, isFolding ? fold : nil, asOf: read, position: position)
    }

    /// Whether `run.json` shows another state of the run, or artifacts are not those it names.
    func isBehind(_ summary: Summary) -> Bool {
        header?.asOf != read || fold.artifacts.mapValues(\.digest) != artifacts
            || header?.state != pages(summary, position: FeedPosition(rawValue: 0)).visibleState
    }

    /// Replaces `run.json`; the last of the run's files, so that it says how far all of them are.
    mutating func write(_ pages: RunPages) throws(StoreError) {
        let bytes = pages.page
        try files.replace(page, with: bytes)
        header = PageHeader(Array(bytes.prefix(PageHeader.size)))
    }

    mutating func pause(_ duration: Duration) { rest = .now + duration }

    // MARK: - Artifacts

    private func path(_ key: ArtifactKey) -> String { "\(path)/artifacts/\(key)" }

    /// Makes the files under `artifacts/` those of the fold.
    /// - Throws: the first error, after having written what can be.
    mutating func writeArtifacts(_ store: any Store) async throws(StoreError) {
        for key in artifacts.keys.sorted() where fold.artifacts[key] == nil {
            try files.remove(path(key))
            try files.removeEmptyFolders(above: path(key), upTo: path)
            artifacts[key] = nil
        }
        var failure: StoreError?
        for (key, artifact) in fold.artifacts where artifacts[key] != artifact.digest {
            do throws(StoreError) {
                let draft = try files.draft()
                try await draft.write(try await store.readBlob(artifact.digest, range: nil))
                try files.place(draft, at: path(key))
                artifacts[key] = artifact.digest
            } catch {
                failure = failure ?? error
            }
        }
        if let failure { throw failure }
    }
}

extension PlainDraft {
    fileprivate func write(_ stream: ByteStream) async throws(StoreError) {
        do {
            for try await piece in stream { try write(piece) }
        } catch {
            throw error as? StoreError ?? StoreError(.unavailable, subject: "artifact", cause: error)
        }
    }
}

extension RunPages {
    /// The state as the page shows it.
    var visibleState: String { summary.visibleState.rawValue }
}
