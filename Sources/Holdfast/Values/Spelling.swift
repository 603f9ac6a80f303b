/// Finds what somebody meant who wrote a name that isn't known.
public enum Spelling {
    /// The candidate nearest to a mistyped name, or nil when none is near: one slip in a name of up to 3 characters, two
    /// in one of up to 6, three in a longer one. A slip is a character too much, too few, wrong, or swapped with its
    /// neighbour. Case does not count.
    public static func nearest(to name: String, in candidates: some Sequence<String>) -> String? {
        let length = name.unicodeScalars.count
        return nearest(to: name, in: candidates, slips: length <= 3 ? 1 : length <= 6 ? 2 : 3)
    }

    package static func nearest(to name: String, in candidates: some Sequence<String>, slips reach: Int) -> String? {
        let wanted = Array(name.prefix(128).lowercased().unicodeScalars)
        var best: (name: String, distance: Int)?
        for candidate in candidates {
            let letters = Array(candidate.lowercased().unicodeScalars)
            guard abs(letters.count - wanted.count) <= reach else { continue }
            let distance = distance(wanted, letters)
            guard distance <= reach, distance < max(letters.count, 1) else { continue }
            if best.map({ (distance, candidate) < ($0.distance, $0.name) }) ?? true { best = (candidate, distance) }
        }
        return best?.name
    }

    private static func distance(_ left: [Unicode.Scalar], _ right: [Unicode.Scalar]) -> Int {
        var beforePrevious = [Int](repeating: 0, count: right.count + 1)
        var previous = Array(0...right.count)
        for row in left.indices {
            var current = [row + 1] + [Int](repeating: 0, count: right.count)
            for column in right.indices {
                let change = left[row] == right[column] ? 0 : 1
                var best = min(previous[column] + change, previous[column + 1] + 1, current[column] + 1)
                let isSwap =
                    row > 0 && column > 0 && left[row] == right[column - 1] && left[row - 1] == right[column]
                if isSwap { best = min(best, beforePrevious[column - 1] + 1) }
                current[column + 1] = best
            }
            (beforePrevious, previous) = (previous, current)
        }
        return previous[right.count]
    }
}
