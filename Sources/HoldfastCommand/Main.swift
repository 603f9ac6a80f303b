import ArgumentParser
#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif
import HoldfastEngine

/// Parses, runs, and turns whatever is thrown into a sentence and an exit code.
@main
struct Main {
    static func main() async {
        StandardStreams.reserve()
        let arguments = ArgumentOrder.normalized(Array(CommandLine.arguments.dropFirst()))
        do {
            var command = try await parse(arguments)
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch {
            exit(report(error, arguments))
        }
    }

    private static func parse(_ arguments: [String]) async throws -> any ParsableCommand {
        if let mistake = ArgumentOrder.unknownSubcommand(in: arguments) { throw mistake }
        return try await RootCommand.asyncParseAsRoot(arguments)
    }

    private static func report(_ error: any Error, _ arguments: [String]) -> Int32 {
        if let failure = CommandFailure(explaining: error) {
            for detail in failure.details { Output.error.note(detail) }
            if let message = failure.message { Output.error.note("holdfast: \(message)") }
            return failure.exit.rawValue
        }
        let code = RootCommand.exitCode(for: error)
        let message = RootCommand.fullMessage(for: error, columns: Terminal.error.size?.columns)
        if code.isSuccess {
            do throws(CommandFailure) {
                try Output.standard.line(message)
            } catch {
                if let message = error.message { Output.error.note("holdfast: \(message)") }
                return error.exit.rawValue
            }
            return code.rawValue
        }
        let prefix = "Error: "
        Output.error.note(
            "holdfast: " + (message.hasPrefix(prefix) ? String(message.dropFirst(prefix.count)) : message))
        return code == .validationFailure ? Exit.usage.rawValue : Exit.store.rawValue
    }
}
