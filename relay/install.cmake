# What is installed beside etwass, and its package.
configure_file(${CMAKE_CURRENT_LIST_DIR}/etwass.service.in
  ${PROJECT_BINARY_DIR}/etwass.service @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/etwass.service
  DESTINATION lib/systemd/system COMPONENT relay)
install(FILES ${CMAKE_CURRENT_LIST_DIR}/etwas-relay.sysusers
  DESTINATION lib/sysusers.d RENAME etwas-relay.conf COMPONENT relay)
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE
  DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/etwas-relay RENAME copyright COMPONENT relay)
install(FILES ${PROJECT_SOURCE_DIR}/docs/man/etwass.8
  DESTINATION ${CMAKE_INSTALL_MANDIR}/man8 COMPONENT relay)

set(CPACK_DEBIAN_RELAY_PACKAGE_NAME etwas-relay)
set(CPACK_DEBIAN_RELAY_PACKAGE_SECTION admin)
set(CPACK_DEBIAN_RELAY_PACKAGE_DEPENDS "passwd, init-system-helpers (>= 1.54~)")
set(CPACK_DEBIAN_RELAY_PACKAGE_CONTROL_EXTRA
  ${CMAKE_CURRENT_LIST_DIR}/debian/postinst ${CMAKE_CURRENT_LIST_DIR}/debian/prerm
  ${CMAKE_CURRENT_LIST_DIR}/debian/postrm)
set(CPACK_COMPONENT_RELAY_DESCRIPTION
"Takes signed batches of events from etwas, stores them durably, and shows them in a browser
and to etwasc. Listens on loopback only until it is told otherwise.")
