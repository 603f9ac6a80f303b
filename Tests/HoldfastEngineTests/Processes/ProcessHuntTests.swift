import Foundation
import Glibc
import Holdfast
import Testing

@testable import HoldfastEngine

@Suite("Ending what is left of a try")
struct ProcessHuntTests {
    let scratch = Scratch()

    @Test("tokens are 128 random bits as hexadecimal digits")
    func token() throws {
        let tokens = (0..<100).map { _ in TryToken() }
        #expect(Set(tokens).count == 100)
        #expect(tokens.allSatisfy { TryToken(rawValue: $0.rawValue) == $0 })
        for text in [
            "", "abc", String(repeating: "g", count: 32), String(repeating: "A", count: 32),
            String(repeating: "0", count: 33),
        ] {
            #expect(TryToken(rawValue: text) == nil)
        }
    }

    @Test("processes that left their session are ended, and others are not")
    func escaped() async throws {
        let token = TryToken()
        let other = TryToken()
        for (name, token) in [("mine", token), ("other", other)] {
            let result = await scratch.run(
                "setsid sh -c 'echo $$ > \(name); exec sleep 60' & until test -s \(name); do :; done"
            ) {
                $0.tryToken = token
                $0.log = TryLog(folder: $0.log.folder + name, try: 1)
            }
            #expect(result.ending == .exited(code: 0))
        }
        let mine = try await scratch.awaitedProcess("mine")
        let untouched = try await scratch.awaitedProcess("other")
        #expect(!isGone(mine))
        try await ProcessHunt.end(tryToken: token)
        #expect(isGone(mine) && !isGone(untouched))
        try await ProcessHunt.end(tryToken: other)
        #expect(isGone(untouched))
    }

    @Test("who ignores SIGTERM, or forks anew on it, is killed with its children")
    func stubborn() async throws {
        let token = TryToken()
        let script = """
            setsid sh -c 'trap "setsid sleep 60 &" TERM; echo $$ > stubborn; while :; do sleep 0.02; done' &
            until test -s stubborn; do :; done
            """
        _ = await scratch.run(script) { $0.tryToken = token }
        let process = try await scratch.awaitedProcess("stubborn")
        try await ProcessHunt.end(tryToken: token, gracePeriod: .milliseconds(200))
        #expect(isGone(process))
        #expect(try await ProcessHunt.look(for: token, until: .now + .seconds(5)).all == [])
    }

    @Test("the caller is spared although it carries the token, and nothing to end is fine")
    func ourselves() async throws {
        try await ProcessHunt.end(tryToken: TryToken(), gracePeriod: .zero)
        // The environment block of a process is the one it was started with: its PATH stands in for a token here.
        let path = try #require(getenv("PATH").map { String(cString: $0) })
        #expect(ProcessTable.carries("PATH=\(path)", getpid()) == true)
        for other in ["PATH=\(path)x", "ATH=\(path)"] { #expect(ProcessTable.carries(other, getpid()) == false) }
    }

    @Test("what can't be ended in time is an error that names it; a cancelled caller still hunts")
    func bounded() async throws {
        let token = TryToken()
        _ = await scratch.run("setsid sh -c 'echo $$ > left; exec sleep 60' & until test -s left; do :; done") {
            $0.tryToken = token
        }
        let process = try await scratch.awaitedProcess("left")
        #expect(kill(process, SIGSTOP) == 0)
        try await eventually { ProcessTable.statusFields(of: process)?.first == "T" }
        let error = try await #require(throws: StoreError.self) {
            try await ProcessHunt.end(tryToken: token, gracePeriod: .zero, patience: .zero)
        }
        #expect(error.code == .unavailable && error.description.contains("\(process)"))
        let hunt = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            try await ProcessHunt.end(tryToken: token, gracePeriod: .zero, patience: .seconds(5))
        }
        try await hunt.value
        #expect(isGone(process))
    }

    @Test("a process in the midst of an exec is found at every look")
    func inExec() async throws {
        let token = TryToken()
        _ = await scratch.run(
            """
            printf 'exec sh ./again' > again
            setsid sh -c 'echo $$ > restless; exec sh ./again' & until test -s restless; do :; done
            """
        ) { $0.tryToken = token }
        let process = try await scratch.awaitedProcess("restless")
        for _ in 0..<2000 {
            let sight = try await ProcessHunt.look(for: token, until: .now + .seconds(5))
            try #require(sight.carriers == [process])
        }
        try await ProcessHunt.end(tryToken: token)
        #expect(isGone(process))
    }

    @Test("other entries of /proc are skipped")
    func unreadable() throws {
        #expect(ProcessTable.status(of: pid_t.max) == nil && ProcessTable.carries("A=b", pid_t.max) == false)
        #expect(try ProcessTable.processIDs().contains(getpid()))
        #expect(try ProcessTable.members(ofGroup: getpgrp()).contains(getpid()))
    }
}
