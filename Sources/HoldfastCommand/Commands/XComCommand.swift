import ArgumentParser
import Holdfast

struct XComCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "xcom",
        abstract: "Shows the values that tasks left.",
        discussion: """
            With a key, prints just the value: a string as it is, everything else as JSON; with --format json, always JSON. \
            The value of a mapped task is the array of what its instances left; task[index] names one of them.

            Example: holdfast xcom 7xk2 extract return_value
            """)

    @OptionGroup var run: RunArgument

    @Argument(help: "Only values of this task, or of one instance of it as task[index].")
    var task: String?

    @Argument(help: "The key, for instance return_value.")
    var key: String?

    @OptionGroup var format: FormatOptions
    @OptionGroup var store: StoreArguments

    private static let columns = ["task_id", "map_index", "key", "value", "created_at", "size"]

    func run() async throws {
        let instance = try task.map { text throws(StoreError) in try parseInstance(text) }
        let opened = try await store.openExisting()
        let id = try await run.id(in: opened.store)
        if let instance, let key { return try await printValue(of: instance, key, id, opened.store.xcoms) }
        // Unknown ones are a mistake; one that left nothing is not.
        if let instance { try await opened.store.fold(id).check(instance) }
        let all = try await opened.store.xcoms.list(
            id, task: instance?.task, readingLargeValues: format.format != .text)
        let entries = all.filter { instance?.mapIndex == nil || $0.instance == instance }
        let elements = entries.map(\.outputJSON)
        let listing = Listing(document: ["xcoms": .array(elements)], elements: elements, columns: Self.columns)
        try listing.print(format.format) {
            entries.isEmpty ? "no XComs\n" : XComTable.table(entries).rendered(on: .output)
        }
    }

    private func printValue(of instance: InstanceID, _ key: String, _ run: RunID, _ xcoms: XComsView) async throws {
        let value = try await xcoms.get(run, instance.task, mapIndex: instance.mapIndex, key: key)
        guard format.format == .text else { return try printDocument(value, format.format) }
        try Output.standard.line(value.rawText)
    }
}
