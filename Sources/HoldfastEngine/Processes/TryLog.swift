package import Holdfast

/// Where the logs of one try are: `<root>/<run>/<task>[/<map_index>]/<try>.log` for its standard output and
/// `<try>.err.log` beside it for its standard error. (Two files, as the last line of the output is the return value.)
///
/// With secrets the processes write to `….raw` files, and the worker writes the logs.
package struct TryLog: Sendable, Hashable {
    package static let rawSuffix = ".raw"

    package let folder: String
    /// Counted from 1.
    package let number: Int

    package init(folder: String, try number: Int) {
        self.folder = folder
        self.number = number
    }

    /// - Parameter root: the folder `logs` beside the store.
    package init(root: String, run: RunID, task: TaskID, mapIndex: Int?, try number: Int) {
        let folder = "\(root)/\(run)/\(task)"
        self.init(folder: mapIndex.map { "\(folder)/\($0)" } ?? folder, try: number)
    }

    /// - Parameter root: the folder `logs` beside the store.
    package init(root: String, run: RunID, instance: TaskInstance, try number: Int) {
        self.init(root: root, run: run, task: instance.id.task, mapIndex: instance.filedIndex, try: number)
    }

    package var output: String { "\(folder)/\(number).log" }
    package var error: String { "\(folder)/\(number).err.log" }
    package var rawOutput: String { output + Self.rawSuffix }
    package var rawError: String { error + Self.rawSuffix }
}
