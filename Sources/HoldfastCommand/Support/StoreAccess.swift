import ArgumentParser
#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif
import Holdfast
import HoldfastFiles
import HoldfastMemory
import HoldfastSQLite

/// Which store a command works on.
struct StoreArguments: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The store: sqlite:PATH, files:DIR or memory:.",
            discussion: "Otherwise HOLDFAST_STORE; else the nearest .holdfast folder upwards; else a new ./.holdfast.",
            valueName: "url"))
    var store: String?

    @Option(help: ArgumentHelp("Whose runs.", valueName: "name"))
    var tenant: String = Tenant.default.rawValue
}

extension StoreArguments {
    private static let folderName = ".holdfast"
    private static let fileName = "holdfast.db"
    static let backends = [SQLiteStore.backend, FilesStore.backend, MemoryStore.backend]

    /// Opens the store for a command that only reads or changes what is there: where there is no store, it finds an empty
    /// one and makes nothing.
    func openExisting() async throws -> OpenedStore {
        _ = try Tenant(tenant)
        guard let url = try existingURL() else { return Self.empty }
        do throws(StoreError) {
            return try await open(url, creates: false)
        } catch {
            guard error.code == .notFound else { throw error }
            return Self.empty
        }
    }

    /// Opens the store, making it where there is none.
    func openOrCreate() async throws -> OpenedStore {
        if let url = try existingURL() { return try await open(url, creates: true) }
        return try await open("sqlite:\(Self.folderName)/\(Self.fileName)", creates: true)
    }

    private static var empty: OpenedStore { OpenedStore(store: MemoryStore(), logFolder: nil, url: "memory:") }

    private func open(_ url: String, creates: Bool) async throws(StoreError) -> OpenedStore {
        let options = StoreOptions(tenant: try Tenant(tenant), creates: creates)
        do throws(StoreError) {
            let opened = try await openStore(url, options: options, backends: Self.backends)
            if let files = opened.store as? FilesStore { Self.tellOfTornEnd(files, url) }
            return opened
        } catch {
            // What is wrong with a store's address is wrong with the store, and so is that it can't be made there.
            switch error.code {
            case .invalid: throw StoreError(.notAStore, subject: error.subject, detail: error.detail, cause: error)
            case .notFound where creates:
                throw StoreError(.unavailable, subject: error.subject, detail: error.detail, cause: error)
            default: throw error
            }
        }
    }

    private static func tellOfTornEnd(_ store: FilesStore, _ url: String) {
        guard store.tornBytes > 0 else { return }
        Output.error.note(
            "holdfast: \(url): a crash had left \(store.tornBytes) bytes of a write that was never acknowledged; they were cut off"
        )
    }

    /// What was named, else what is found; nil when there is neither.
    private func existingURL() throws -> String? {
        if let store { return Self.url(store) }
        if let store = environment("HOLDFAST_STORE"), !store.isEmpty { return Self.url(store) }
        return try nearestFolder().map { "sqlite:\($0)/\(Self.fileName)" }
    }

    /// A path says what it is without `sqlite:` in front.
    private static func url(_ text: String) -> String {
        let looksLikePath = text.hasPrefix("/") || text.hasPrefix("./") || text.hasPrefix("../")
        return looksLikePath || text.hasSuffix(".db") && !text.contains(":") ? "sqlite:" + text : text
    }

    /// The nearest `.holdfast` from the working directory upwards.
    private func nearestFolder() throws -> String? {
        var folder = try WorkingDirectory.current()[...]
        while true {
            let candidate = "\(folder == "/" ? "" : folder)/\(Self.folderName)"
            var status = stat()
            if stat(candidate, &status) == 0 { return candidate }
            guard let slash = folder.lastIndex(of: "/"), folder.count > 1 else { return nil }
            folder = slash == folder.startIndex ? "/" : folder[..<slash]
        }
    }
}
