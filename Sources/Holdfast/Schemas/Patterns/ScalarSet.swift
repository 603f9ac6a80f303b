/// A set of Unicode scalars, as ranges in order that neither overlap nor touch.
struct ScalarSet: Sendable, Hashable {
    private(set) var ranges: [ClosedRange<UInt32>]

    static let none = ScalarSet([])
    /// Every scalar; surrogates are none.
    static let all = ScalarSet([0...0xD7FF, 0xE000...0x10FFFF])

    /// - Parameter ranges: in any order.
    init(_ ranges: [ClosedRange<UInt32>]) {
        self.ranges = []
        for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
            guard let last = self.ranges.last, range.lowerBound <= last.upperBound &+ 1 else {
                self.ranges.append(range)
                continue
            }
            self.ranges[self.ranges.count - 1] = last.lowerBound...max(last.upperBound, range.upperBound)
        }
    }

    init(_ scalar: UInt32) { ranges = [scalar...scalar] }

    /// The scalars for which a condition holds; asks for each there is, some tens of milliseconds.
    init(where condition: (Unicode.Scalar) -> Bool) {
        ranges = []
        for whole in Self.all.ranges {
            var start: UInt32?
            for value in whole {
                let isMember = Unicode.Scalar(value).map(condition) ?? false
                if isMember, start == nil { start = value }
                guard !isMember, let from = start else { continue }
                ranges.append(from...(value - 1))
                start = nil
            }
            if let start { ranges.append(start...whole.upperBound) }
        }
    }

    var isEmpty: Bool { ranges.isEmpty }

    func contains(_ scalar: UInt32) -> Bool {
        var low = 0
        var high = ranges.count
        while low < high {
            let middle = (low + high) / 2
            if ranges[middle].upperBound < scalar { low = middle + 1 } else { high = middle }
        }
        return low < ranges.count && ranges[low].lowerBound <= scalar
    }

    func union(_ other: ScalarSet) -> ScalarSet {
        if other.isEmpty { return self }
        return isEmpty ? other : ScalarSet(ranges + other.ranges)
    }

    /// All other scalars.
    var inverted: ScalarSet {
        var rest: [ClosedRange<UInt32>] = []
        for whole in Self.all.ranges {
            var next = whole.lowerBound
            for range in ranges where range.overlaps(whole) {
                if range.lowerBound > next { rest.append(next...(range.lowerBound - 1)) }
                next = range.upperBound + 1
            }
            if next <= whole.upperBound { rest.append(next...whole.upperBound) }
        }
        return ScalarSet(rest)
    }

    func overlaps(_ other: ScalarSet) -> Bool {
        var mine = ranges[...]
        var others = other.ranges[...]
        while let left = mine.first, let right = others.first {
            if left.overlaps(right) { return true }
            if left.upperBound < right.upperBound { mine.removeFirst() } else { others.removeFirst() }
        }
        return false
    }
}

// MARK: - The classes of ECMA-262

extension ScalarSet {
    static let digits = ScalarSet([0x30...0x39])
    static let wordCharacters = ScalarSet([0x30...0x39, 0x41...0x5A, 0x5F...0x5F, 0x61...0x7A])
    static let lineTerminators = ScalarSet([0xA...0xA, 0xD...0xD, 0x2028...0x2029])
    /// WhiteSpace and LineTerminator.
    static let whitespace = ScalarSet([
        0x9...0xD, 0x20...0x20, 0xA0...0xA0, 0x1680...0x1680, 0x2000...0x200A, 0x2028...0x2029, 0x202F...0x202F,
        0x205F...0x205F, 0x3000...0x3000, 0xFEFF...0xFEFF,
    ])
}
