import Holdfast
import HoldfastEngine

/// Reads pipeline files from where the command line names them.
enum PipelineSource {
    /// - Throws: `CommandFailure` when the file can't be read, `PipelineProblems` when it is not right.
    static func definition(at path: String) throws -> DAGDefinition {
        // One byte more than is allowed tells the parser that the file is too large.
        let bytes = try InputFile.bytes(
            of: path, limit: PipelineFile.maximumSize,
            adviceIfMissing: "check the path, or write a sample with holdfast init")
        return try PipelineFile.parse(bytes, fileName: path)
    }
}
