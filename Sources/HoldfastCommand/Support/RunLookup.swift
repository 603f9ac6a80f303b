import ArgumentParser
import Holdfast

/// The run that a command is about.
struct RunArgument: ParsableArguments {
    @Argument(help: "The run's id, or an unambiguous beginning of it.", completion: .runs)
    var run: String
}

extension RunArgument {
    /// The run of this id, else the only one whose id begins so.
    func find(in store: any Store) async throws(StoreError) -> Summary { try await store.runs.find(run) }

    /// Its id.
    func id(in store: any Store) async throws(StoreError) -> RunID { RunID(unchecked: try await find(in: store).id.id) }
}
