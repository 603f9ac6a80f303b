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

    /// The complaint about a word where a subcommand has to stand, also below another subcommand.
    static func unknownSubcommand(in arguments: [String]) -> CommandFailure? {
        var path = "holdfast"
        var subcommands = RootCommand.configuration.subcommands
        let named = arguments.first == "help" ? arguments.dropFirst() : arguments[...]
        for argument in named where !subcommands.isEmpty {
            guard !argument.hasPrefix("-"), argument != "help" else { return nil }
            guard let next = subcommands.first(where: { $0.configuration.commandName == argument }) else {
                return complaint(about: argument, names: subcommands.compactMap { $0.configuration.commandName }, path)
            }
            path += " " + argument
            subcommands = next.configuration.subcommands
        }
        return nil
    }

    private static func complaint(about argument: String, names: [String], _ path: String) -> CommandFailure {
        let advice = Spelling.nearest(to: argument, in: names).map { "did you mean \($0)?" }
        return CommandFailure(
            .usage, "\(quoted(argument)) is no subcommand; \(advice ?? "\(path) --help lists what there is")")
    }
}
