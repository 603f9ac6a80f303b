import Holdfast
import HoldfastLocal

/// How far the readable files are, kept beside them so that the next one to open the store goes on from there.
struct ViewState: Hashable {
    static let path = ".views/state.json"
    /// Beyond this many the files are looked through as a whole instead.
    static let maximumFailed = 1000

    /// Everything up to here is shown, except for what is named below.
    var position: FeedPosition
    /// Where the search for what is missing or behind stands; nil: nothing is.
    var rebuild: Rebuild?
    /// Could not be shown; tried again.
    var failed: Set<HistoryID> = []
    /// The boot of the machine in which the files were written: nothing of them is synced, so after another one they are not
    /// trusted. Nil where the kernel does not tell.
    var bootID: String?

    init(position: FeedPosition, rebuild: Rebuild?, failed: Set<HistoryID>, bootID: String?) {
        self.bootID = bootID
        self.position = position
        self.rebuild = failed.count > Self.maximumFailed ? Rebuild() : rebuild
        self.failed = failed.count > Self.maximumFailed ? [] : failed
    }
}

/// A look at every run and its files, page by page; a killed one goes on where it stood.
struct Rebuild: Hashable {
    enum Phase: String {
        /// What the killed left lying around, and `runs.jsonl`.
        case tidying
        /// Runs that have ended, oldest end first, as they stand in `runs.jsonl`.
        case ended
        /// The other runs.
        case others
        case processes
        /// Files of runs and processes that are no more.
        case strays
    }

    var phase: Phase = .tidying
    var cursor: Cursor?
}

// MARK: - Reading and writing

extension ViewState {
    /// Nil: there is none, or none that can be read.
    init?(_ bytes: [UInt8]) {
        guard let members = ReadableJSON.object(bytes), let position = members["position"]?.intValue else { return nil }
        self.position = FeedPosition(rawValue: position)
        if let json = members["rebuild"]?.objectValue {
            rebuild = Rebuild(
                phase: json["phase"]?.stringValue.flatMap(Rebuild.Phase.init) ?? .tidying,
                cursor: (json["cursor"]?.stringValue).map { Cursor($0) })
        }
        failed = Set((members["failed"]?.arrayValue ?? []).compactMap(Self.history))
        bootID = members["boot_id"]?.stringValue
    }

    private static func history(_ json: JSONValue) -> HistoryID? {
        guard let kind = json["kind"]?.stringValue.flatMap(HistoryID.Kind.init), let id = json["id"]?.stringValue else {
            return nil
        }
        switch kind {
        case .run: return RunID(rawValue: id).map { .run($0) }
        case .process: return ProcessID(rawValue: id).map { .process($0) }
        }
    }

    var bytes: [UInt8] {
        let rebuild = rebuild.map { rebuild -> JSONValue in
            let cursor = rebuild.cursor.map { JSONValue.string($0.text) } ?? .null
            return ["phase": .string(rebuild.phase.rawValue), "cursor": cursor]
        }
        let failed = failed.sorted().map {
            JSONValue.object(["kind": .string($0.kind.rawValue), "id": .string($0.id)])
        }
        return ReadableJSON.page(
            [
                "position": .int(position.rawValue), "boot_id": bootID.map { .string($0) } ?? .null,
                "rebuild": rebuild ?? .null, "failed": .array(failed),
            ], first: ["position"])
    }
}
