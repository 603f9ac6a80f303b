import Holdfast
import Testing

@Suite("State tables")
struct StateTableTests {
    @Test("every run state has its row, and can be reached from queued")
    func runStates() {
        #expect(Set(RunState.successors.keys) == Set(RunState.allCases))
        #expect(reachable(from: .queued, RunState.successors) == Set(RunState.allCases))
        #expect(!RunState.successors.contains { $0.value.contains($0.key) || $0.value.contains(.queued) })
    }

    @Test("every task state has its row, and can be reached from pending but for queued ones of other systems")
    func taskStates() {
        #expect(Set(TaskState.successors.keys) == Set(TaskState.allCases))
        #expect(reachable(from: .pending, TaskState.successors) == Set(TaskState.allCases))
        #expect(!TaskState.successors.contains { $0.value.contains($0.key) || $0.value.contains(.pending) })
    }

    @Test("a terminal state leads on only where a resume can")
    func terminal() {
        #expect(RunState.allCases.filter(\.isTerminal) == [.success, .failed, .cancelled])
        #expect(RunState.allCases.filter(\.isActive) == [.running, .waiting])
        for state in RunState.allCases where state.isTerminal {
            #expect(RunState.successors[state] == (state == .success ? [] : [.running]))
        }
        for state in TaskState.allCases { #expect(TaskState.successors[state]?.isEmpty == state.isTerminal) }
        #expect(TaskState.allCases.filter(\.isTerminal) == [.success, .failed, .skipped, .upstreamFailed, .cancelled])
    }

    @Test("whatever has not ended can be cancelled, and can end well or badly somehow")
    func ends() {
        for state in RunState.allCases where !state.isTerminal { #expect(state.canBecome(.cancelled)) }
        for state in TaskState.allCases where !state.isTerminal {
            #expect(state.canBecome(.cancelled) && state.canBecome(.failed))
            #expect(reachable(from: state, TaskState.successors).contains(.success))
        }
    }

    @Test("names are those of the design")
    func names() {
        #expect(
            RunState.allCases.map(\.rawValue)
                == ["queued", "running", "waiting", "interrupted", "success", "failed", "cancelled"])
        #expect(
            TaskState.allCases.map(\.rawValue)
                == [
                    "pending", "queued", "running", "waiting", "up_for_retry", "success", "failed", "skipped",
                    "upstream_failed", "cancelled",
                ])
    }

    private func reachable<State>(from start: State, _ successors: [State: Set<State>]) -> Set<State> {
        var found: Set<State> = [start]
        var queue = [start]
        while let state = queue.popLast() {
            for next in successors[state, default: []] where found.insert(next).inserted { queue.append(next) }
        }
        return found
    }
}
