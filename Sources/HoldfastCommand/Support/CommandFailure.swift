import ArgumentParser
import Holdfast
import HoldfastEngine
import HoldfastFormats

/// What the command's exit codes mean.
enum Exit: Int32, Sendable {
    case success = 0
    /// The run ended failed or cancelled.
    case runFailed = 1
    /// A definition, a parameter, an id, a run that is live elsewhere, a lost lease.
    case badInput = 2
    case store = 3
    case usage = 64
    case interrupted = 130
}

/// Ends the command with a sentence on standard error and an exit code.
struct CommandFailure: Error {
    let exit: Exit
    /// Without the `holdfast: ` that it is printed behind; nil: everything has been said.
    let message: String?
    /// Lines to print before it, as they are.
    let details: [String]

    init(_ exit: Exit, _ message: String? = nil, details: [String] = []) {
        self.exit = exit
        self.message = message
        self.details = details
    }
}

extension StoreError {
    var exit: Exit {
        switch code {
        case .corrupt, .unavailable, .full, .outcomeUnknown, .newerFormat, .notAStore: .store
        default: .badInput
        }
    }
}

extension CommandFailure {
    /// The failure that an error of any kind comes to; nil when it is ArgumentParser's to explain.
    init?(explaining error: any Error) {
        switch error {
        case let failure as CommandFailure: self = failure
        case let error as StoreError: self.init(error.exit, error.description)
        case let problems as PipelineProblems: self.init(problems)
        case let problems as ParameterProblems:
            self.init(
                .badInput, problems.messages.last, details: problems.messages.dropLast().map { "holdfast: \($0)" })
        case let error as TemplateError: self.init(.badInput, error.description)
        case let failure as ImportFailure: self.init(.badInput, failure.description)
        case let failure as ExportFailure: self.init(.badInput, failure.description)
        case is CancellationError: self.init(.interrupted)
        default: return nil
        }
    }

    /// Each problem on a line that editors can jump to, and then the sum.
    private init(_ problems: PipelineProblems) {
        let count = problems.problems.count
        let file = problems.problems.first?.file ?? "the file"
        self.init(
            .badInput, "\(file) has \(count == 1 ? "a problem" : "\(count) problems")",
            details: problems.problems.map(\.description))
    }
}
