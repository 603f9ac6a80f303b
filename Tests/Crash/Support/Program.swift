import Foundation
#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// The built command, or its writer, as a process of its own. Everything here blocks; see `onOwnThread`.
final class Program {
    /// `HOLDFAST_COMMAND`, else what was built beside these tests.
    static let path: String = {
        if let path = getenv("HOLDFAST_COMMAND") { return String(cString: path) }
        return besideTheseTests("holdfast")
    }()

    /// `crash-writer`.
    static let writer = besideTheseTests("crash-writer")

    private static func besideTheseTests(_ name: String) -> String {
        URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent().appending(path: name)
            .path()
    }

    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    let id: pid_t
    private let output: String
    private let error: String

    /// Starts `holdfast`, or another program, in a folder; what it writes goes to files there.
    init(
        _ arguments: [String], in folder: String, environment: [String: String] = [:], program: String = Program.path
    ) throws {
        let name = UUID().uuidString
        output = "\(folder)/io/\(name).out"
        error = "\(folder)/io/\(name).err"
        var variables = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        variables["HOLDFAST_STORE"] = environment["HOLDFAST_STORE"]
        id = try Self.spawn(
            // posix_spawn can't change the folder everywhere; the shell is replaced, so the id stays.
            ["/bin/sh", "-c", "cd \"$0\" && exec \"$@\"", folder, program] + arguments,
            environment: variables.map { "\($0)=\($1)" }, output: output, error: error)
    }

    private static func spawn(
        _ words: [String], environment: [String], output: String, error: String
    ) throws -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT, 0o600)
        posix_spawn_file_actions_addopen(&actions, 2, error, O_WRONLY | O_CREAT, 0o600)
        let arguments = words.map { strdup($0) }
        let variables = environment.map { strdup($0) }
        defer { for text in arguments + variables { free(text) } }
        var id: pid_t = 0
        let code = posix_spawn(&id, words[0], &actions, nil, arguments + [nil], variables + [nil])
        guard code == 0 else { throw Failure(description: "\(words): \(String(cString: strerror(code)))") }
        return id
    }

    func send(_ signal: Int32) { kill(id, signal) }

    struct End {
        /// The exit code; 128 and the signal's number when a signal ended it.
        var status: Int32
        var output: String
        var error: String
    }

    /// Whether it has ended by itself.
    var hasEnded: Bool {
        var info = siginfo_t()
        return waitid(P_PID, id_t(id), &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_signo == SIGCHLD
    }

    func wait() throws -> End {
        var status: Int32 = 0
        while waitpid(id, &status, 0) == -1 {
            guard errno == EINTR else { throw Failure(description: "process \(id) can't be waited for") }
        }
        let signal = status & 0x7f
        return End(
            status: signal == 0 ? status >> 8 & 0xff : 128 + signal, output: try Self.text(output),
            error: try Self.text(error))
    }

    private static func text(_ path: String) throws -> String {
        String(decoding: try Data(contentsOf: URL(filePath: path)), as: UTF8.self)
    }
}
