import ArgumentParser
import Holdfast
import HoldfastEngine

struct LogsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "logs",
        abstract: "Shows what tasks wrote.",
        discussion: """
            The standard output of the last try, then its standard error. With --follow, every try from now on as it is \
            written, until the run has ended.

            Example: holdfast logs 7xk2 transform --follow
            """)

    @OptionGroup var run: RunArgument

    @Argument(help: "Only this task, or one instance of it as task[index].")
    var task: String?

    @Flag(help: "Waits for what is still to come.")
    var follow = false

    @Option(name: .customLong("try"), help: ArgumentHelp("Which try, instead of the last.", valueName: "n"))
    var tryNumber: Int?

    @OptionGroup var store: StoreArguments

    func run() async throws {
        let instance = try task.map { text throws(StoreError) in try parseInstance(text) }
        let opened = try await store.openExisting()
        let id = try await run.id(in: opened.store)
        guard let folder = opened.logFolder else {
            throw CommandFailure(.badInput, "the store \(opened.url) keeps no log files")
        }
        let fold = try await opened.store.fold(id)
        if let instance { follow ? try fold.check(instance.task) : try fold.check(instance) }
        let selection = LogSelection(instance, tryNumber: tryNumber)
        if follow {
            let following = LogFollowing(run: id, folder: folder, store: opened.store, selection: selection)
            try await AbandonedRunNotice(run: id, store: opened.store).given { try await following.run() }
        } else {
            try await print(selection, of: fold, in: folder)
        }
    }

    private func print(_ selection: LogSelection, of fold: RunFold, in folder: String) async throws {
        let instances = fold.currentInstances.filter { selection.contains($0.id) && $0.tryNumber > 0 }
        if let tryNumber, !instances.contains(where: { (1...$0.tryNumber).contains(tryNumber) }) {
            throw CommandFailure(.badInput, "no such try: \(tryNumber); see the tries with holdfast show \(fold.id)")
        }
        for instance in instances {
            let number = tryNumber ?? instance.tryNumber
            guard (1...instance.tryNumber).contains(number) else { continue }
            if instances.count > 1 {
                let title = "==> \(instance.id), try \(number), \(instance.state.rawValue) <=="
                try Output.standard.line(Terminal.output.styled(title, .bold))
            }
            let log = TryLog(root: folder, run: fold.id, instance: instance, try: number)
            for path in [log.output, log.error] {
                for try await chunk in LogFollower(path: path, hasEnded: { true }) { try Output.standard.write(chunk) }
            }
        }
    }
}

/// Which tries' logs are wanted.
struct LogSelection: Sendable {
    private let instance: InstanceID?
    private let tryNumber: Int?

    init(_ instance: InstanceID?, tryNumber: Int?) {
        self.instance = instance
        self.tryNumber = tryNumber
    }

    /// Whether there may be several at once, so that lines have to say whose they are.
    var isMany: Bool { instance == nil }

    func contains(_ id: InstanceID) -> Bool {
        guard let instance else { return true }
        return instance.task == id.task && (instance.mapIndex == nil || instance.mapIndex == id.mapIndex)
    }

    func contains(_ started: TaskStarted) -> Bool {
        contains(started.instance) && (tryNumber == nil || tryNumber == started.tryNumber)
    }
}
