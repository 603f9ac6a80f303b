import ArgumentParser
import Holdfast
import HoldfastEngine

/// What the parser does not do by itself: options of the store in front of the subcommand, and a mistyped subcommand.
enum ArgumentOrder {
    private static let early = ["--store", "--tenant"]

    /// Moves `--store` and `--tenant` from before the subcommand behind its own arguments.
    static func normalized(_ arguments: [String]) -> [String] {
        var rest = arguments[...]
        var moved: [String] = []
        while let first = rest.first, early.contains(where: { first == $0 || first.hasPrefix($0 + "=") }) {
            moved.append(rest.removeFirst())
            if early.contains(first), let value = rest.popFirst() { moved.append(value) }
        }
        guard !moved.isEmpty, rest.first?.hasPrefix("-") == false else { return arguments }
        let terminator = rest.firstIndex(of: "--") ?? rest.endIndex
        return rest[..<terminator] + moved + rest[terminator...]
    }

    /// The complaint about a first argument that is no subcommand.
    static func unknownSubcommand(in arguments: [String]) -> CommandFailure? {
        guard let first = arguments.first, !first.hasPrefix("-"), first != "help" else { return nil }
        let names = RootCommand.subcommandNames
        guard !names.contains(first) else { return nil }
        let advice =
            Spelling.nearest(to: first, in: names).map { "did you mean \($0)?" }
            ?? "holdfast --help lists what there is"
        return CommandFailure(.usage, "\(quoted(first)) is no subcommand; \(advice)")
    }
}

extension RootCommand {
    fileprivate static var subcommandNames: [String] {
        let groups = configuration.groupedSubcommands.flatMap(\.subcommands)
        return (configuration.subcommands + groups).compactMap { $0.configuration.commandName }
    }
}
