import ArgumentParser
import Holdfast

struct EventsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "events",
        abstract: "Shows a run's history.",
        discussion: """
            With --follow, also what is still to come, until the run has ended; JSON is then an object a line. When the run is \
            interrupted meanwhile, a note says so, and it is waited for somebody to resume it.

            Example: holdfast events 7xk2 --follow
            """)

    @OptionGroup var run: RunArgument

    @Flag(help: "Waits for what is still to come.")
    var follow = false

    @OptionGroup var format: FormatOptions
    @OptionGroup var store: StoreArguments

    private static let columns = ["sequence", "time", "type", "token", "instance", "task", "state", "error", "reason"]

    func run() async throws {
        let opened = try await store.openExisting()
        let id = try await run.id(in: opened.store)
        if follow { return try await follow(id, opened.store) }
        let events = try await opened.store.events(of: .run(id))
        let elements = events.map(\.outputJSON)
        let listing = Listing(document: ["events": .array(elements)], elements: elements, columns: Self.columns)
        try listing.print(format.format) {
            elements.map { EventLine($0).text(on: .output) + "\n" }.joined()
        }
    }

    private func follow(_ run: RunID, _ store: any Store) async throws {
        guard format.format != .csv else { throw ValidationError("--format csv can't be followed; use jsonl") }
        try await AbandonedRunNotice(run: run, store: store).given { try await print(store, run) }
    }

    private func print(_ store: any Store, _ run: RunID) async throws {
        for try await event in store.events.follow(run) {
            let json = event.outputJSON
            if format.format == .text {
                try Output.standard.line(EventLine(json).text(on: .output))
            } else {
                try Output.standard.jsonLines([json])
            }
        }
    }
}
