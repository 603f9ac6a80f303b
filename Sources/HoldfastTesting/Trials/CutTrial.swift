package import Holdfast
package import HoldfastLocal

/// Opens what a cut left, and holds it against what had been acknowledged.
package struct CutTrial: Sendable {
    /// Opens the store on a disk; some states are looked at more thoroughly.
    package typealias Opening = @Sendable (any FileSystem, _ isThorough: Bool) async throws -> any Store

    private let outcome: WorkloadOutcome
    private let open: Opening
    package private(set) var states = 0
    /// After a cut of what came after a cut.
    package private(set) var secondStates = 0
    package private(set) var problems: [String] = []

    package init(_ outcome: WorkloadOutcome, open: @escaping Opening) {
        self.outcome = outcome
        self.open = open
    }

    /// Tries every state of every boundary whose number leaves `part` when it is divided by `parts`, until there are problems
    /// enough.
    package mutating func run(_ cuts: PowerCuts, part: Int = 0, of parts: Int = 1) async {
        await cuts.forEach(part: part, of: parts) { state in await check(state) }
    }

    private mutating func check(_ state: PowerCuts.State) async {
        guard problems.count < 6 else { return }
        states += 1
        do {
            try await check(state, on: SimulatedDisk(state.image))
        } catch {
            fail("\(error)", state)
        }
    }

    private mutating func check(_ state: PowerCuts.State, on disk: SimulatedDisk) async throws {
        let allowed = outcome.allowed(state.notes)
        let store = try await open(disk, state.isThorough)
        let found = try await VisibleState(of: store)
        if allowed.contains(found) {
            try await expectSound(store, state)
            if state.seed % 12 == 0 { try await checkSecondCut(store, disk, state, allowed, found) }
        } else {
            let differences = allowed.first.map { found.differences(from: $0) } ?? ""
            fail("after act \(allowed.startIndex) was acknowledged, another state is there: \(differences)", state)
        }
        try await store.close()
    }

    private mutating func expectSound(_ store: any Store, _ state: PowerCuts.State) async throws {
        let report =
            state.isThorough
            ? try await store.verify() : try await store.maintain(MaintenanceRequest(check: true))
        if !report.findings.isEmpty { fail("\(report.findings)", state) }
    }

    private mutating func fail(_ problem: String, _ state: PowerCuts.State) {
        problems.append("\(state), seed \(outcome.seed): \(problem)")
    }

    /// Commits once more and cuts the power again, somewhere between the opening and the end.
    private mutating func checkSecondCut(
        _ store: any Store, _ disk: SimulatedDisk, _ state: PowerCuts.State, _ allowed: ArraySlice<VisibleState>,
        _ found: VisibleState
    ) async throws {
        disk.note(1)
        let time = Timestamp(milliseconds: 1_767_225_600_000)
        _ = try await store.commit(.creating(.run(named: "later"), .sample(at: time), at: time))
        disk.note(2)
        let after = try await VisibleState(of: store)
        let operations = disk.operations
        let boundary = Int(state.seed / 12 % UInt64(operations.count + 1))
        let rest = PowerCuts(
            Array(operations.prefix(boundary)), on: state.image, statesPerBoundary: 2, seed: state.seed)
        for second in rest.last() {
            secondStates += 1
            let store = try await open(SimulatedDisk(second.image), false)
            let left = try await VisibleState(of: store)
            let isRight =
                switch second.notes.last {
                case 2: left == after
                case 1: left == found || left == after
                default: allowed.contains(left) || left == after
                }
            if !isRight { fail("then \(second): \(left.differences(from: after))", state) }
            try await store.close()
        }
    }
}

extension PowerCuts.State {
    fileprivate var isThorough: Bool { seed % 16 == 1 }
}
