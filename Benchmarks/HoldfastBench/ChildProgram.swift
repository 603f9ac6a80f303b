import Foundation
#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A program that is run to its end, with what it cost.
struct ChildProgram {
    var path: String
    var arguments: [String]
    /// Gets its standard error.
    var log: String

    struct Cost {
        var milliseconds: Double
        /// The most memory that it held, or one of the children that it waited for.
        var peakMegabytes: Double
    }

    /// Its standard output goes nowhere. Blocks its thread.
    /// - Throws: `BenchmarkError.commandFailed` unless it exits with 0.
    func run() throws -> Cost {
        let start = ContinuousClock.now
        let child = try spawn()
        var status: Int32 = 0
        var usage = rusage()
        while wait4(child, &status, 0, &usage) == -1 {
            guard errno == EINTR else { throw failure("can't be waited for") }
        }
        let milliseconds = (ContinuousClock.now - start) / .milliseconds(1)
        guard status == 0 else { throw failure("ended with status \(status): \(try errors())") }
        return Cost(milliseconds: milliseconds, peakMegabytes: Double(usage.ru_maxrss) / 1024)
    }

    private func spawn() throws -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 2, log, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        let words = ([path] + arguments).map { strdup($0) }
        defer { for word in words { free(word) } }
        var child: pid_t = 0
        let code = posix_spawn(&child, path, &actions, nil, words + [nil], environ)
        guard code == 0 else { throw failure("can't be started: \(String(cString: strerror(code)))") }
        return child
    }

    private func errors() throws -> String { String(decoding: try Data(contentsOf: URL(filePath: log)), as: UTF8.self) }

    private func failure(_ what: String) -> BenchmarkError {
        .commandFailed("\(([path] + arguments).joined(separator: " ")): \(what)")
    }
}
