/// Unique elements in rising order: the memory store's index.
struct SortedList<Element: Comparable & Sendable>: Sendable {
    private(set) var elements: [Element] = []

    init() {}

    init(_ elements: [Element]) { self.elements = elements.sorted() }

    mutating func insert(_ element: Element) {
        let index = firstIndex { $0 >= element }
        if index == elements.count || elements[index] != element { elements.insert(element, at: index) }
    }

    mutating func remove(_ element: Element) {
        let index = firstIndex { $0 >= element }
        if index < elements.count, elements[index] == element { elements.remove(at: index) }
    }

    /// The indices of what comes behind `place`, which need not be in the list, in the direction asked for; all when nil.
    func indices(behind place: Element?, descending: Bool) -> StrideTo<Int> {
        if descending {
            let end = place.map { place in firstIndex { $0 >= place } } ?? elements.count
            return stride(from: end - 1, to: -1, by: -1)
        }
        let start = place.map { place in firstIndex { $0 > place } } ?? 0
        return stride(from: start, to: elements.count, by: 1)
    }

    /// Where a condition that holds for a tail of the list begins to hold.
    func firstIndex(where holds: (Element) -> Bool) -> Int {
        var low = 0
        var high = elements.count
        while low < high {
            let middle = (low + high) / 2
            if holds(elements[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
