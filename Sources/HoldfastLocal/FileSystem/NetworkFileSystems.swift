#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

extension LocalFileSystem {
    package func networkKind(of folder: String) throws(SystemCallError) -> String? {
        #if canImport(Darwin)
            var information = statfs()
            _ = try checked("statfs", folder) { statfs(folder, &information) }
            let isLocal = information.f_flags & UInt32(MNT_LOCAL) != 0
            let name = withUnsafePointer(to: &information.f_fstypename) { pointer in
                String(cString: UnsafeRawPointer(pointer).assumingMemoryBound(to: CChar.self))
            }
            return isLocal ? nil : name
        #else
            var status = stat()
            _ = try checked("stat", folder) { stat(folder, &status) }
            guard let mounts = try contents(of: "/proc/self/mountinfo"),
                let type = MountedFileSystem.type(ofDevice: UInt64(status.st_dev), in: mounts)
            else { return nil }
            return MountedFileSystem.networkKind(ofType: type)
        #endif
    }

    /// Nil: there is no such file.
    private func contents(of path: String) throws(SystemCallError) -> String? {
        guard try status(path) != nil else { return nil }
        let file = try open(path, .readOnly)
        var bytes: [UInt8] = []
        while true {
            let piece = try file.read(65_536, at: Int64(bytes.count))
            if piece.isEmpty { return String(decoding: bytes, as: UTF8.self) }
            bytes += piece
        }
    }
}

/// What Linux tells about mounted file systems.
enum MountedFileSystem {
    /// - Parameter mounts: lines as in `/proc/self/mountinfo`: the third field is the device, the type follows a lone dash.
    static func type(ofDevice device: UInt64, in mounts: String) -> String? {
        let major = device >> 8 & 0xFFF | device >> 32 & ~0xFFF
        let minor = device & 0xFF | device >> 12 & ~0xFF & 0xFFFF_FFFF
        for line in mounts.split(separator: "\n") {
            let fields = line.split(separator: " ")
            guard fields.count > 2, fields[2] == "\(major):\(minor)", let dash = fields.firstIndex(of: "-"),
                dash + 1 < fields.count
            else { continue }
            return String(fields[dash + 1])
        }
        return nil
    }

    /// A name for people, if its files are on another machine.
    static func networkKind(ofType type: String) -> String? {
        if let name = kernelTypes[type] { return name }
        // FUSE serves local file systems too; these are known to reach over a network.
        guard type.hasPrefix("fuse."), fuseTypes.contains(String(type.dropFirst(5))) else { return nil }
        return type
    }

    private static let kernelTypes = [
        "nfs": "NFS", "nfs4": "NFS", "cifs": "SMB", "smb3": "SMB", "smbfs": "SMB", "9p": "9p", "ceph": "Ceph",
        "afs": "AFS", "coda": "Coda", "ncpfs": "NCP", "lustre": "Lustre", "gpfs": "GPFS", "gfs2": "GFS2",
        "ocfs2": "OCFS2", "beegfs": "BeeGFS", "orangefs": "OrangeFS", "pvfs2": "OrangeFS", "panfs": "PanFS",
    ]

    private static let fuseTypes: Set<String> = [
        "sshfs", "s3fs", "rclone", "gcsfuse", "glusterfs", "curlftpfs", "davfs", "davfs2", "goofys", "juicefs",
        "gvfsd-fuse", "blobfuse", "blobfuse2", "mount-s3", "s3backer", "cephfs", "ceph-fuse", "moosefs", "mfs",
        "seaweedfs", "smbnetfs", "geesefs", "ipfs",
    ]
}
