import ArgumentParser
#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif
import Holdfast

struct InitCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init",
        abstract: "Writes a sample pipeline that runs.",
        discussion: """
            Makes pipeline.yaml, or the file that is named, with comments that explain it. An existing file is left alone.

            Example: holdfast init && holdfast run pipeline.yaml
            """)

    @Argument(help: "The file to write.", completion: .file(extensions: ["yaml", "yml"]))
    var file = "pipeline.yaml"

    func run() throws {
        let descriptor = open(file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else {
            guard errno == EEXIST else {
                throw CommandFailure(.badInput, "\(file): \(String(cString: strerror(errno)))")
            }
            throw CommandFailure(.badInput, "\(file) is there already; name another file, or remove it first")
        }
        defer { close(descriptor) }
        try Output(descriptor: descriptor).write(SamplePipeline.text)
        try Output.standard.line("\(file) is written; run it with: holdfast run \(file)")
    }
}
