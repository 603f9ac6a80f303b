import Holdfast

/// How a state file spells its members: as the documents say, or as the program writes.
enum AWFSpelling: String {
    case pascal = "PascalCase"
    case snake = "snake_case"

    init(layout: String?) { self = layout.flatMap(AWFSpelling.init(rawValue:)) ?? .pascal }

    /// That of a whole state: the spelling of its id; without one, that of all its members.
    init(of members: [String: JSONValue]) {
        let named = [AWFSpelling.pascal, .snake].first { members[$0("WorkflowID")] != nil }
        if let named {
            self = named
            return
        }
        let looksSnake = members.keys.contains { $0.first?.isLowercase == true }
        let looksPascal = members.keys.contains { $0.first?.isUppercase == true }
        self = looksSnake && !looksPascal ? .snake : .pascal
    }

    /// That of a step, which may be another than its state's.
    func ofStep(_ members: [String: JSONValue]) -> AWFSpelling {
        let other: AWFSpelling = self == .pascal ? .snake : .pascal
        let isOther = ["Name", "Status"].allSatisfy { members[self($0)] == nil }
        return isOther && ["Name", "Status"].contains { members[other($0)] != nil } ? other : self
    }

    /// - Parameter name: in PascalCase.
    func callAsFunction(_ name: String) -> String {
        guard self == .snake else { return name }
        // The one name that differs in more than its spelling.
        if name == "CurrentStep" { return "current_state" }
        var snake = ""
        var wasUpper = true
        for character in name {
            if character.isUppercase, !wasUpper { snake += "_" }
            snake += character.lowercased()
            wasUpper = character.isUppercase
        }
        return snake
    }
}

/// The states of `awf`: one list for workflows and steps.
enum AWFStates {
    static let runs: [String: RunState] = [
        "": .queued, "pending": .queued, "running": .interrupted, "completed": .success, "failed": .failed,
        "cancelled": .cancelled,
    ]

    static let steps: [String: TaskState] = [
        "": .pending, "pending": .pending, "running": .running, "completed": .success, "failed": .failed,
        "cancelled": .cancelled, "skipped": .skipped,
    ]

    static func name(of state: RunState) -> String {
        switch state {
        case .queued: "pending"
        case .running, .waiting, .interrupted: "running"
        case .success: "completed"
        case .failed: "failed"
        case .cancelled: "cancelled"
        }
    }

    static func name(of state: TaskState) -> String {
        switch state {
        case .pending, .queued: "pending"
        case .running, .waiting, .upForRetry: "running"
        case .success: "completed"
        case .failed, .upstreamFailed: "failed"
        case .skipped: "skipped"
        case .cancelled: "cancelled"
        }
    }
}
