import ArgumentParser
import Holdfast

struct DAGsRegisterCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "register",
        abstract: "Registers a pipeline file as its DAG's version in force.",
        discussion: "Example: holdfast dags register pipeline.yaml")

    @Argument(help: "The pipeline file.", completion: .file(extensions: ["yaml", "yml"]))
    var file: String

    @OptionGroup var store: StoreArguments

    func run() async throws {
        let definition = try PipelineSource.definition(at: file)
        let opened = try await store.openOrCreate()
        let dag = try await opened.store.dags.register(definition)
        try await opened.store.close()
        try Output.standard.line("\(dag.id) is registered, version \(dag.current.digest.hexadecimal.prefix(12))")
    }
}

struct DAGsDeregisterCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "deregister",
        abstract: "Forgets a DAG and its versions; its runs stay.",
        discussion: "Example: holdfast dags deregister nightly-etl")

    @OptionGroup var dag: DAGArgument
    @OptionGroup var store: StoreArguments

    func run() async throws {
        let opened = try await store.openExisting()
        try await opened.store.dags.deregister(try dag.id())
        try await opened.store.close()
        try Output.standard.line("\(dag.dag) is no longer registered; its runs stay")
    }
}

struct DAGsPauseCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pause",
        abstract: "Keeps schedules and triggers from starting a DAG.",
        discussion: "Example: holdfast dags pause nightly-etl")

    @OptionGroup var dag: DAGArgument
    @OptionGroup var store: StoreArguments

    func run() async throws {
        let opened = try await store.openExisting()
        try await opened.store.dags.pause(try dag.id())
        try await opened.store.close()
        try Output.standard.line("\(dag.dag) is paused")
    }
}

struct DAGsResumeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "resume",
        abstract: "Lets schedules and triggers start a DAG again.",
        discussion: "Example: holdfast dags resume nightly-etl")

    @OptionGroup var dag: DAGArgument
    @OptionGroup var store: StoreArguments

    func run() async throws {
        let opened = try await store.openExisting()
        try await opened.store.dags.resume(try dag.id())
        try await opened.store.close()
        try Output.standard.line("\(dag.dag) is no longer paused")
    }
}
