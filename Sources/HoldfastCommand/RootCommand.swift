import ArgumentParser

struct RootCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "holdfast",
        abstract: "Runs pipelines durably, and keeps what happened.",
        discussion: """
            Every step is on disk before the next begins: a run that was killed goes on where it stood.

              holdfast init                    writes a sample pipeline.yaml
              holdfast run pipeline.yaml       runs it
              holdfast runs                    lists what ran
              holdfast show RUN                says what happened, and why it failed
              holdfast resume RUN              goes on with it

            A RUN is an id or an unambiguous beginning of one. The store is named by --store or HOLDFAST_STORE; else it is \
            the nearest .holdfast folder from the working directory upwards, else a new one here.

            Exit codes: 0 success, 1 the run failed or was cancelled, 2 bad input, 3 the store, 64 usage, 130 interrupted.
            """,
        version: "0.1.0",
        groupedSubcommands: [
            CommandGroup(
                name: "Pipeline", subcommands: [InitCommand.self, ValidateCommand.self, PlanCommand.self]),
            CommandGroup(
                name: "Running",
                subcommands: [
                    RunCommand.self, ResumeCommand.self, RerunCommand.self, CancelCommand.self, MarkCommand.self,
                ]),
            CommandGroup(
                name: "History",
                subcommands: [
                    RunsCommand.self, ShowCommand.self, XComCommand.self, ArtifactsCommand.self, EventsCommand.self,
                    LogsCommand.self, PinCommand.self, DeleteCommand.self, PruneCommand.self, DAGsCommand.self,
                    SchemaCommand.self, CacheCommand.self, VerifyCommand.self,
                ]),
            CommandGroup(name: "AI processes", subcommands: [ProcessCommand.self, WorkspaceCommand.self]),
            CommandGroup(name: "Other systems", subcommands: [ImportCommand.self, ExportCommand.self]),
        ])
}
