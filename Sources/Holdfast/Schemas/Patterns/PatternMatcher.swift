/// Follows all ways through a program at once, place by place.
struct PatternMatcher {
    let scalars: [UInt32]
    /// How many more steps may be taken.
    private(set) var work: Int
    /// For each assertion, whether it holds at each place: 0 before the first scalar, and so on.
    private var holds: [[Bool]] = []

    init(scalars: [UInt32], work: Int) {
        self.scalars = scalars
        self.work = work
    }

    /// Works out where the next assertion holds.
    /// - Returns: false when the work ran out.
    mutating func learn(_ assertion: Pattern.Assertion) -> Bool {
        let places = 0...scalars.count
        work -= places.count
        switch assertion {
        case .start: holds.append(places.map { $0 == 0 })
        case .end: holds.append(places.map { $0 == scalars.count })
        case .wordBoundary(let isNegated):
            holds.append(places.map { (isWord($0 - 1) != isWord($0)) != isNegated })
        case .look(let program, let isNegated):
            guard let ends = ends(of: program, stopsAtFirst: false) else { return false }
            holds.append(isNegated ? ends.map { !$0 } : ends)
        }
        return work > 0
    }

    private func isWord(_ index: Int) -> Bool {
        scalars.indices.contains(index) && ScalarSet.wordCharacters.contains(scalars[index])
    }

    /// Whether the program matches anywhere; nil when the work ran out.
    mutating func finds(_ program: PatternProgram) -> Bool? {
        ends(of: program, stopsAtFirst: true).map { $0.contains(true) }
    }

    /// At which places a match that began anywhere ends; for a program that goes backward, at which it begins.
    private mutating func ends(of program: PatternProgram, stopsAtFirst: Bool) -> [Bool]? {
        var ends = [Bool](repeating: false, count: scalars.count + 1)
        var active = StateSet(program.states.count)
        var following = StateSet(program.states.count)
        for step in 0...scalars.count {
            let place = program.isBackward ? scalars.count - step : step
            enter(program.start, of: program, at: place, &active)
            ends[place] = active.isMatch
            work -= active.states.count + 1
            guard work > 0 else { return nil }
            if stopsAtFirst, active.isMatch { return ends }
            guard step < scalars.count else { break }
            let scalar = scalars[program.isBackward ? place - 1 : place]
            let nextPlace = program.isBackward ? place - 1 : place + 1
            following.removeAll()
            for state in active.states {
                guard case .scalars(let set, let next) = program.states[state], set.contains(scalar) else { continue }
                enter(next, of: program, at: nextPlace, &following)
            }
            swap(&active, &following)
        }
        return ends
    }

    /// Adds a state and all that is reached from it without reading on.
    private func enter(_ state: Int, of program: PatternProgram, at place: Int, _ set: inout StateSet) {
        var open = [state]
        while let state = open.popLast() {
            guard set.insert(state) else { continue }
            switch program.states[state] {
            case .scalars: break
            case .split(let targets): open += targets
            case .assertion(let index, let next): if holds[index][place] { open.append(next) }
            case .match: set.isMatch = true
            }
        }
    }
}

/// States in order of their insertion, each once.
private struct StateSet {
    private(set) var states: [Int] = []
    private var round = 1
    private var rounds: [Int]
    var isMatch = false

    init(_ count: Int) { rounds = [Int](repeating: 0, count: count) }

    mutating func insert(_ state: Int) -> Bool {
        guard rounds[state] != round else { return false }
        rounds[state] = round
        states.append(state)
        return true
    }

    mutating func removeAll() {
        states.removeAll(keepingCapacity: true)
        round += 1
        isMatch = false
    }
}
