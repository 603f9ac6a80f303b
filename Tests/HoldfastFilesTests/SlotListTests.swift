import Holdfast
import HoldfastTesting
import Testing

@testable import HoldfastFiles

@Suite("Histories in order")
struct SlotListTests {
    private static let count = 6000
    private let ids = SlotList.IDs((0..<count).map { .run(RunID(unchecked: "run-\($0 * 7919 % count)")) })

    /// Many of them share a key, so that ids decide.
    private func place(_ slot: Int) -> SlotPlace { SlotPlace(key: Int64(slot * 31 % 97), slot: Int32(slot)) }

    private func sorted(_ places: some Sequence<SlotPlace>) -> [SlotPlace] {
        places.sorted { ($0.key, ids[Int($0.slot)].id) < ($1.key, ids[Int($1.slot)].id) }
    }

    @Test("keep their order whatever comes and goes, and where it does", arguments: 1...5 as ClosedRange<UInt64>)
    func changes(_ seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var list = SlotList()
        var expected: Set<SlotPlace> = []
        for _ in 0..<4 * Self.count {
            let place = place(Int.random(in: 0..<Self.count, using: &random))
            if expected.contains(place) {
                expected.remove(place)
                list.remove(place, ids)
            } else if Int.random(in: 0..<4, using: &random) > 0 {
                expected.insert(place)
                list.insert(place, ids)
            } else {
                list.remove(place, ids)
            }
        }
        let places = sorted(expected)
        #expect(Array(list) == places && Array(list.reversed()) == places.reversed())
        for key in 0...97 as ClosedRange<Int64> {
            let index = list.firstIndex { $0.key >= key }
            #expect(Array(list[index...]) == places.filter { $0.key >= key })
        }
        for place in places { list.remove(place, ids) }
        #expect(list.isEmpty && list.startIndex == list.endIndex)
    }

    @Test("are put in order when somebody asks, after they were read out of order")
    func reading() {
        var list = SlotList()
        let places = (0..<Self.count).map(place)
        for place in places.dropLast() { list.append(place, ids) }
        list.insert(places[Self.count - 1], ids)
        list.sort(ids)
        #expect(Array(list) == sorted(places))
    }
}
