import Glibc
import Holdfast
import Subprocess
import SystemPackage

/// Why nothing was started, as a sentence for the user.
struct StartFailure: Error {
    let reason: String
}

/// A request made into what the system needs, checked as far as that is possible before it is tried. swift-subprocess
/// answers a missing file, a missing permission and a missing interpreter alike, and quotes values in its errors.
struct TaskLaunch {
    private let executable: String
    private let arguments: [String]
    private let environment: [String: String?]
    private let workingDirectory: String?

    init(_ request: TaskProcessRequest) throws(StartFailure) {
        environment = request.environment.merging([TryToken.variable: request.tryToken.rawValue]) { _, token in token }
        workingDirectory = request.workingDirectory
        try Self.check(environment)
        if let workingDirectory { try Self.check(workingDirectory: workingDirectory) }
        switch request.action {
        case .shell(let script):
            executable = "/bin/sh"
            arguments = ["/bin/sh", "-euc", script]
        case .command(let words):
            guard let name = words.first, !name.isEmpty else { throw StartFailure(reason: "the command is empty") }
            let inherited = getenv("PATH").map { String(cString: $0) }
            let lookup = CommandLookup(
                path: environment["PATH"] ?? inherited, workingDirectory: request.workingDirectory)
            executable = try lookup.path(of: name)
            arguments = words
        }
        guard !arguments.contains(where: { $0.utf8.contains(0) }) else {
            throw StartFailure(reason: "the command holds a NUL character")
        }
    }

    var configuration: Configuration {
        var options = PlatformOptions()
        options.processGroupID = 0
        let overrides = environment.map { (Environment.Key(stringLiteral: $0), $1) }
        return Configuration(
            executable: .path(FilePath(executable)),
            arguments: Arguments(executablePathOverride: arguments[0], remainingValues: Array(arguments.dropFirst())),
            environment: .inherit.updating(Dictionary(overrides, uniquingKeysWith: { _, last in last })),
            workingDirectory: workingDirectory.map { FilePath($0) },
            platformOptions: options)
    }

    /// What an error of swift-subprocess means for this launch.
    func explain(_ error: any Error) -> StartFailure {
        guard let error = error as? SubprocessError else { return StartFailure(reason: "can't start it: \(error)") }
        switch (error.code, error.underlyingError) {
        case (.executableNotFound, _):
            return StartFailure(reason: CommandLookup.whyNotExecuted(executable, in: workingDirectory))
        case (.failedToChangeWorkingDirectory, let cause?):
            return StartFailure(reason: "can't use the working directory \(quoted(workingDirectory ?? "")): \(cause)")
        case (_, .execFormatError?):
            return StartFailure(reason: "\(quoted(executable)) is neither a program nor a script with a #! line")
        case (_, .argListTooLong?):
            return StartFailure(
                reason: "the command and its environment are larger than the system allows (128 KiB for one value)")
        case (_, let cause?): return StartFailure(reason: "can't start \(quoted(executable)): \(cause)")
        case (_, nil): return StartFailure(reason: "can't start \(quoted(executable)): \(error.code)")
        }
    }

    private static func check(_ environment: [String: String?]) throws(StartFailure) {
        for (name, value) in environment.sorted(by: { $0.key < $1.key }) {
            let isBad = name.utf8.contains { $0 == 0 || $0 == UInt8(ascii: "=") } || name.first?.isNumber ?? true
            if isBad { throw StartFailure(reason: "\(quoted(name)) can't be the name of an environment variable") }
            if value?.utf8.contains(0) == true {
                throw StartFailure(reason: "the environment variable \(name) holds a NUL character")
            }
        }
    }

    private static func check(workingDirectory path: String) throws(StartFailure) {
        switch FileKind(of: path) {
        case .folder where access(path, X_OK) == 0: return
        case .folder: throw StartFailure(reason: "no permission to enter the working directory \(quoted(path))")
        case nil: throw StartFailure(reason: "the working directory \(quoted(path)) does not exist")
        default: throw StartFailure(reason: "the working directory \(quoted(path)) is not a folder")
        }
    }
}
