import ArgumentParser
import Holdfast

struct CacheCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cache",
        abstract: "Says what the cache of results and responses holds, and empties it.",
        discussion: "Example: holdfast cache stats",
        subcommands: [CacheStatsCommand.self, CacheLimitCommand.self, CacheClearCommand.self],
        defaultSubcommand: CacheStatsCommand.self)
}

struct CacheStatsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stats", abstract: "Says how much there is, and how often it was found.",
        discussion: """
            Hits are exact for what was found up to 32 times, and an estimate beyond.

            Example: holdfast cache stats --format json
            """)

    @OptionGroup var format: FormatOptions
    @OptionGroup var store: StoreArguments

    private static let columns = [
        "entries", "bytes", "hits", "expired", "oldest_use", "max_entries", "max_bytes",
    ]

    func run() async throws {
        let statistics = try await store.openExisting().store.cache.statistics()
        let document = statistics.outputJSON
        let listing = Listing(document: document, elements: [document], columns: Self.columns)
        try listing.print(format.format) { Self.text(statistics) }
    }

    private static func text(_ statistics: CacheStatistics) -> String {
        let limits = statistics.limits
        return """
            entries  \(statistics.entries) of \(limits.entries)
            size     \(displaySize(statistics.bytes)) of \(displaySize(limits.bytes))
            hits     \(statistics.hits)
            expired  \(statistics.expired)

            """
    }
}

struct CacheLimitCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "limit",
        abstract: "Changes how much the cache may hold.",
        discussion: """
            Kept in the store, for everyone who uses it. What is too much goes when the next result is put in.

            Example: holdfast cache limit --entries 50000 --bytes 1000000000
            """)

    @Option(help: "How many results and responses.")
    var entries: Int?

    @Option(help: "Of all their values together.")
    var bytes: Int64?

    @OptionGroup var store: StoreArguments

    func validate() throws {
        if entries == nil, bytes == nil { throw ValidationError("give --entries, --bytes, or both") }
    }

    func run() async throws {
        let opened = try await store.openOrCreate()
        var limits = try await opened.store.cache.limits()
        limits.entries = entries ?? limits.entries
        limits.bytes = bytes ?? limits.bytes
        try await opened.store.cache.limit(to: limits)
        try await opened.store.close()
        try Output.standard.line("the cache may hold \(limits.entries) entries and \(displaySize(limits.bytes))")
    }
}

struct CacheClearCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "clear", abstract: "Empties the cache.",
        discussion: """
            Tasks whose results were in it run again the next time.

            Example: holdfast cache clear
            """)

    @OptionGroup var format: FormatOptions
    @OptionGroup var store: StoreArguments

    func run() async throws {
        let opened = try await store.openExisting()
        let count = try await opened.store.cache.clear()
        try await opened.store.close()
        guard format.format == .text else {
            return try printDocument(["cleared": .int(Int64(count))], format.format)
        }
        try Output.standard.line(count == 1 ? "1 entry is gone" : "\(count) entries are gone")
    }
}
