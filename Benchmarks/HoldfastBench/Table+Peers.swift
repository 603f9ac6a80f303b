import Foundation
import Holdfast

extension Table {
    /// Steps a second beside those of other engines, from a file like
    /// `{"dbos": {"alone": 120.5, "crowd": 300}, "langgraph": {"error": "…"}}`.
    mutating func addPeers(_ path: String?, alone: Figures, crowd: Figures) throws {
        guard let path else { return }
        let peers = try JSONDecoder().decode([String: Peer].self, from: Data(contentsOf: URL(filePath: path)))
        addPeer("dbos", peers["dbos"], alone: (alone, 8), crowd: (crowd, 100))
        addPeer("langgraph", peers["langgraph"], alone: (alone, 4), crowd: (crowd, nil))
    }

    private mutating func addPeer(
        _ name: String, _ peer: Peer?, alone: (Figures, Double), crowd: (Figures, Double?)
    ) {
        guard let peer else { return }
        if let error = peer.error { return print("\(name): not measured: \(error)") }
        compare("1 workflow, steps/s beside \(name)", alone.0, peer.alone, goal: alone.1)
        compare("64 workflows, steps/s beside \(name)", crowd.0, peer.crowd, goal: crowd.1)
    }

    private mutating func compare(_ what: String, _ figures: Figures, _ rate: Double?, goal: Double?) {
        guard let rate, let own = figures["steps_per_second"] else { return }
        add(what, own / rate, " ×", against: Figures.text(rate) + "/s", .atLeast(goal ?? 1))
    }

    private struct Peer: Decodable {
        /// Steps a second, one workflow at a time.
        var alone: Double?
        /// Steps a second, 64 workflows at once.
        var crowd: Double?
        /// Why it was not measured.
        var error: String?
    }
}
